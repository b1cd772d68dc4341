using System.Text;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.LiveList;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>
/// A temporary folder of this run, with a folder for each resource: the list, which the service reads while it runs, and the statuses that
/// its processes report. Only this user can open it. It is deleted when the AppHost ends, but not when it is killed or its terminal is
/// closed.
/// </summary>
internal sealed class LiveListFolder : IDisposable
{
    private const string ListName = "excluded-urls.txt";

    private readonly Lock _writing = new();
    private readonly Lazy<string> _path;
    private bool _isDisposed;

    public LiveListFolder()
    {
        // Tries again if the folder can't be created.
        _path = new Lazy<string>(
            () => Directory.CreateTempSubdirectory("aspire-route-tracing-").FullName, LazyThreadSafetyMode.PublicationOnly);

        // For an application that ends without disposing its services.
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <summary>Returns the folder of a resource, in which its processes report their status.</summary>
    public string GetPath(string resourceName) => Path.Combine(_path.Value, resourceName);

    /// <summary>Returns the file with the list of a resource.</summary>
    public string GetListPath(string resourceName) => Path.Combine(GetPath(resourceName), ListName);

    /// <summary>Returns whether the folder of a resource exists, and only this user can open it.</summary>
    public bool IsIntact(string resourceName) =>
        _path.IsValueCreated && OwnerOnlyFolder.IsAt(_path.Value) && OwnerOnlyFolder.IsAt(GetPath(resourceName));

    /// <summary>Returns whether the folder of a resource is intact and contains a list.</summary>
    public bool HasList(string resourceName) =>
        IsIntact(resourceName) && new FileInfo(GetListPath(resourceName)) is { Exists: true, LinkTarget: null, Length: > 0 };

    /// <summary>Replaces the list of a resource by a rename, so that it is never read incompletely.</summary>
    /// <exception cref="IOException">The list can't be written, others can open the folder, or the AppHost is ending.</exception>
    /// <exception cref="UnauthorizedAccessException">The list can't be written.</exception>
    public void WriteList(string resourceName, IReadOnlyList<string> patterns)
    {
        lock (_writing)
        {
            if (_isDisposed)
            {
                throw new IOException("The AppHost is ending.");
            }

            // Systems delete old temporary files, so a missing folder is created again.
            OwnerOnlyFolder.Create(_path.Value);
            OwnerOnlyFolder.Create(GetPath(resourceName));

            // The service rejects a file with control characters.
            var list = ExclusionListFormat.Write(patterns);
            var text = ExclusionListFormat.HasControlCharacters(list) ? ExclusionListFormat.WriteBase64(patterns) : list;

            // UTF-8 replaces half of a surrogate pair, as a variable would.
            OwnerOnlyFile.Replace(GetListPath(resourceName), Encoding.UTF8.GetBytes($"{text}\n"));
        }
    }

    public void Dispose()
    {
        lock (_writing)
        {
            _isDisposed = true;
            Delete();
        }

        // Last, because the process can exit in the meantime and has to wait for the deletion.
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
    }

    private void OnProcessExit(object? sender, EventArgs e) => Dispose();

    private void Delete()
    {
        try
        {
            if (_path.IsValueCreated && OwnerOnlyFolder.IsAt(_path.Value))
            {
                // Renamed first, because a service that finds its folder without its status writes it again.
                var ended = $"{_path.Value}-ended";
                Directory.Move(_path.Value, ended);
                Directory.Delete(ended, recursive: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // On Windows, a service has a file open. The folder remains among the system's temporary files.
        }
    }
}
