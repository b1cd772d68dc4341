namespace Aspire.RouteTracing.LiveList;

/// <summary>
/// Folders that only this user can open. The folder of a run is among the system's temporary files: if the system deletes it, another user
/// can create one with its name.
/// </summary>
internal static class OwnerOnlyFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Creates a folder if it does not exist.</summary>
    /// <exception cref="IOException">It can't be created, is a link, or other users can open it.</exception>
    /// <exception cref="UnauthorizedAccessException">It can't be created.</exception>
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerOnly);
        }

        Require(path);
    }

    /// <exception cref="IOException">The folder does not exist, is a link, or other users can open it.</exception>
    public static void Require(string path)
    {
        if (!IsAt(path))
        {
            throw new IOException($"The folder '{path}' is a link, or other users can open it. Delete it, or restart the AppHost.");
        }
    }

    /// <summary>
    /// Returns whether there is a folder that only its owner can open. If that is another user, only root can read or write in it. On
    /// Windows, any folder is accepted, because each user has a folder for temporary files.
    /// </summary>
    public static bool IsAt(string path) =>
        new DirectoryInfo(path) is { Exists: true, LinkTarget: null } folder
            && (OperatingSystem.IsWindows() || (folder.UnixFileMode & Others) == UnixFileMode.None);
}
