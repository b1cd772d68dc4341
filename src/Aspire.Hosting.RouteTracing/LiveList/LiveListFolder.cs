using System.Security.Cryptography;
using System.Text;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.LiveList;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>
/// A temporary folder of this run, with a folder for each resource: the list, which the service reads while it runs, and the statuses that
/// its processes report. Only this user can open it. It is deleted when the AppHost ends, but not when it is killed.
/// </summary>
internal sealed class LiveListFolder : IDisposable
{
    private const string ListName = "excluded-urls.txt";

    // Only this process knows its content, so it distinguishes the folder from another one with its name.
    private const string TokenName = ".token";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Lock _writing = new();
    private readonly string _token = RandomNumberGenerator.GetHexString(64);
    private readonly Lazy<string> _path;

    public LiveListFolder()
    {
        _path = new Lazy<string>(() => Create().FullName);

        // For an application that ends without disposing its services.
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <summary>Returns the folder of a resource, in which its processes report their status.</summary>
    public string GetPath(string resourceName) => Path.Combine(_path.Value, resourceName);

    /// <summary>Returns the file with the list of a resource.</summary>
    public string GetListPath(string resourceName) => Path.Combine(GetPath(resourceName), ListName);

    /// <summary>Replaces the list of a resource by a rename, so that it is never read incompletely.</summary>
    /// <exception cref="IOException">The list can't be written, or the folder is not the one that this AppHost created.</exception>
    /// <exception cref="UnauthorizedAccessException">The list can't be written.</exception>
    public void WriteList(string resourceName, IEnumerable<string> patterns)
    {
        lock (_writing)
        {
            Verify();
            CreateOwnerOnly(GetPath(resourceName));

            // UTF-8 replaces half of a surrogate pair, as a variable would.
            OwnerOnlyFile.Replace(GetListPath(resourceName), Encoding.UTF8.GetBytes($"{ExclusionListFormat.Write(patterns)}\n"));
        }
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        if (!_path.IsValueCreated || !IsOwn(_path.Value))
        {
            return;
        }

        try
        {
            Directory.Delete(_path.Value, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // On Windows, a service has a file open. The folder remains among the system's temporary files.
        }
    }

    private void OnProcessExit(object? sender, EventArgs e) => Dispose();

    private DirectoryInfo Create()
    {
        var folder = Directory.CreateTempSubdirectory("aspire-route-tracing-");
        OwnerOnlyFile.Create(Path.Combine(folder.FullName, TokenName), Encoding.UTF8.GetBytes(_token));
        return folder;
    }

    /// <summary>
    /// Verifies that the folder is the one that this AppHost created. Systems delete old temporary files, so a missing folder is created
    /// again under its name; the rename fails if somebody else has taken the name.
    /// </summary>
    private void Verify()
    {
        var path = _path.Value;
        if (!Path.Exists(path) && !IsLink(path))
        {
            Directory.Move(Create().FullName, path);
        }

        if (!IsOwn(path))
        {
            throw new IOException($"The folder '{path}' is not the one that this AppHost created. Restart the AppHost.");
        }
    }

    private bool IsOwn(string path)
    {
        try
        {
            return !IsLink(path)
                && (OperatingSystem.IsWindows() || File.GetUnixFileMode(path) == OwnerOnly)
                && File.ReadAllText(Path.Combine(path, TokenName)) == _token;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void CreateOwnerOnly(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerOnly);
        }

        if (IsLink(path))
        {
            throw new IOException($"The folder '{path}' is a link. Restart the AppHost.");
        }
    }

    private static bool IsLink(string path) => new DirectoryInfo(path).LinkTarget is not null;
}
