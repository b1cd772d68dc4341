namespace Aspire.RouteTracing.LiveList;

/// <summary>Writes files that only this user can read.</summary>
internal static class OwnerOnlyFile
{
    /// <summary>Replaces a file by a rename, so that a reader never gets half of it.</summary>
    /// <exception cref="IOException">The file can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file can't be written.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var next = $"{path}.next";
        File.Delete(next);
        Create(next, content);
        File.Move(next, path, overwrite: true);
    }

    /// <summary>Creates a file that doesn't exist yet, so no link is followed.</summary>
    /// <exception cref="IOException">The file exists or can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file can't be written.</exception>
    public static void Create(string path, ReadOnlySpan<byte> content)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var stream = new FileStream(path, options);
        stream.Write(content);
    }
}
