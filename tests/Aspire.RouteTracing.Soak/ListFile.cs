using System.Globalization;

namespace Aspire.RouteTracing.Soak;

/// <summary>The file that an AppHost would write, and that is half-written, no list, or gone at times.</summary>
internal sealed class ListFile : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("soak").FullName;

    public ListFile() => Replace(version: 0);

    public string FilePath => Path.Combine(_folder, "excluded-urls.txt");

    public int VersionsSeen { get; private set; }

    /// <summary>Writes the next version as soon as one is in force.</summary>
    /// <exception cref="TimeoutException">A version did not come into force.</exception>
    public async Task ChangeAsync(IRouteTracing routeTracing, CancellationToken cancellation)
    {
        for (var version = 1; !cancellation.IsCancellationRequested; version++)
        {
            await BreakAsync(version);
            Replace(version);
            using var deadline = new CancellationTokenSource(Deadline);
            while (routeTracing.ExcludedUrls.All(exclusion => exclusion.Pattern != Marker(version)))
            {
                if (deadline.IsCancellationRequested)
                {
                    throw new TimeoutException($"Version {version} of the file did not come into force.");
                }

                await Task.Delay(Pause, CancellationToken.None);
            }

            VersionsSeen++;
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Long enough for the library to look at it, two times in three.
    private async Task BreakAsync(int version)
    {
        switch (version % 4)
        {
            case 0:
                File.Delete(FilePath);
                break;
            case 1:
                await File.WriteAllTextAsync(FilePath, Text(version)[..8]);
                break;
            case 2:
                await File.WriteAllTextAsync(FilePath, "(bad\n");
                break;
            default:
                await File.WriteAllTextAsync(FilePath, "");
                break;
        }

        await Task.Delay(version % 3 == 0 ? Pause : TimeSpan.FromMilliseconds(300));
    }

    private void Replace(int version)
    {
        File.WriteAllText(FilePath + ".new", Text(version));
        File.Move(FilePath + ".new", FilePath, overwrite: true);
    }

    private static string Text(int version) => $"^/by-file/,{Marker(version)}\n";

    private static string Marker(int version) => string.Create(CultureInfo.InvariantCulture, $"^/file-version-{version}$");
}
