namespace Aspire.Hosting.RouteTracing.LiveExclusions;

/// <summary>The files of a run from which services read their lists while they run. Only this user can read them; they are gone at the end.</summary>
internal sealed class LiveListFolder : IDisposable
{
    private readonly Lazy<DirectoryInfo> _folder = new(() => Directory.CreateTempSubdirectory("aspire-route-tracing-"));

    public LiveListFolder() => AppDomain.CurrentDomain.ProcessExit += DeleteAtExit;

    public LiveListFile GetFile(string resourceName) => new(Path.Combine(_folder.Value.FullName, $"{resourceName}.txt"));

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= DeleteAtExit;
        if (!_folder.IsValueCreated)
        {
            return;
        }

        try
        {
            _folder.Value.Delete(recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Gone already, or a service has a file open on Windows: what remains is in the system's folder for temporary files.
        }
    }

    // Where the application ends without disposing of its services.
    private void DeleteAtExit(object? sender, EventArgs e) => Dispose();
}
