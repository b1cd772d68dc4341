using System.Text;
using Aspire.RouteTracing.LiveList;
using Aspire.RouteTracing.Tests.ExcludedUrls;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;

namespace Aspire.RouteTracing.Tests.LiveList;

/// <summary>A folder with an exclusions file, and the time by which the file is read.</summary>
internal sealed class ExclusionsFileFolder : IDisposable
{
    private readonly List<LogRecord> _logs = [];
    private readonly ILoggerFactory _loggers;
    private Pipe? _pipe;

    public ExclusionsFileFolder() =>
        _loggers = LoggerFactory.Create(logging => logging.AddOpenTelemetry(options =>
        {
            options.IncludeFormattedMessage = true;
            options.AddInMemoryExporter(_logs);
        }));

    public string Path { get; } = Directory.CreateTempSubdirectory("exclusions").FullName;

    public string FilePath => System.IO.Path.Combine(Path, "excluded-urls.txt");

    public ManualTime Time { get; } = new();

    public IReadOnlyList<LogRecord> Logs => _logs;

    public ExclusionsFile Follow(string? statusFolder = null) =>
        new(FilePath, statusFolder, Time, _loggers.CreateLogger<ExclusionsFile>());

    /// <summary>Advances the time by steps of a second, in each of which the file is read once.</summary>
    public void Pass(TimeSpan time)
    {
        for (var step = TimeSpan.FromSeconds(1); time > TimeSpan.Zero; time -= step)
        {
            Time.Advance(step);
        }
    }

    /// <summary>Replaces the file by a rename, as the AppHost does.</summary>
    public void Replace(string text) => Replace(Encoding.UTF8.GetBytes(text));

    public void Replace(byte[] bytes)
    {
        File.WriteAllBytes(FilePath + ".new", bytes);
        File.Move(FilePath + ".new", FilePath, overwrite: true);
    }

    /// <summary>Replaces the file by a pipe, a directory, or a link to a device.</summary>
    public async Task PutInPlaceAsync(string kind)
    {
        File.Delete(FilePath);
        switch (kind)
        {
            case "pipe":
                _pipe = await Pipe.CreateAsync(FilePath);
                break;
            case "directory":
                Directory.CreateDirectory(FilePath);
                break;
            default:
                File.CreateSymbolicLink(FilePath, kind);
                break;
        }
    }

    public void Dispose()
    {
        _pipe?.Dispose();
        _loggers.Dispose();
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
