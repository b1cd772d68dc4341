namespace Aspire.RouteTracing.LiveList;

/// <summary>Writes files that only this user can read.</summary>
internal static class OwnerOnlyFile
{
    /// <summary>Creates or replaces a file by a rename, so that a reader never gets half of it.</summary>
    /// <exception cref="IOException">The file can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file can't be written.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var next = $"{path}.next";
        File.Delete(next);
        Create(next, content);
        if (OperatingSystem.IsWindows() && File.Exists(path))
        {
            // On Windows, File.Move fails while a reader has the file open.
            File.Replace(next, path, destinationBackupFileName: null);
        }
        else
        {
            // Also replaces a link whose target does not exist.
            File.Move(next, path, overwrite: true);
        }
    }

    /// <summary>Opens a file that can be replaced while it is open, also on Windows.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file can't be read.</exception>
    public static FileStream OpenRead(string path) =>
        new(path, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });

    // Fails if the file exists, so no link is followed.
    private static void Create(string path, ReadOnlySpan<byte> content)
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
