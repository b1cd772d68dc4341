using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The list that the AppHost keeps in a file, so that it can change while the service runs. The text ends with a line break; without it,
/// or with an item that is no valid expression, the file is taken for half-written and the last good list stays in force, as it does
/// when the file is gone.
/// </summary>
/// <remarks>
/// The file is looked at every <see cref="Interval"/> instead of being watched: the AppHost replaces it by rename, and a file system watcher
/// misses changes on the file systems where DOTNET_USE_POLLING_FILE_WATCHER is set, for which the framework's own polling takes four seconds.
/// </remarks>
internal sealed partial class ExclusionsFile : IOptionsChangeTokenSource<RouteTracingSettings>, IDisposable
{
    public const string PathKey = "Aspire:RouteTracing:ExclusionsFile";

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    // A file can be rewritten within the resolution of its time stamp; until it is this old, it is read again at each look.
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);

    private readonly string? _path;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer? _timer;
    private string? _text;
    private (DateTime Written, long Length) _seen;
    private ConfigurationReloadToken _changed = new();

    public ExclusionsFile(IConfiguration configuration, ILogger<ExclusionsFile> logger)
        : this(configuration[PathKey], TimeProvider.System, logger)
    {
    }

    public ExclusionsFile(string? path, TimeProvider time, ILogger logger)
    {
        _path = path;
        _time = time;
        _logger = logger;
        if (!string.IsNullOrEmpty(_path))
        {
            Read();
            _timer = time.CreateTimer(static file => ((ExclusionsFile)file!).Look(), this, Interval, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>The last good list, or <see langword="null"/> when there was none yet.</summary>
    public IReadOnlyList<string>? Items { get; private set; }

    public string Name => Options.DefaultName;

    public IChangeToken GetChangeToken() => Volatile.Read(ref _changed);

    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        if (Read())
        {
            try
            {
                Interlocked.Exchange(ref _changed, new ConfigurationReloadToken()).OnReload();
            }
            catch (AggregateException exception)
            {
                // An options monitor of the settings that the application asked for runs the settings delegates, too, and lets their exceptions pass.
                Log.SubscriberFailed(_logger, exception);
            }
        }

        // Answers false when the service is shutting down.
        _timer?.Change(Interval, Timeout.InfiniteTimeSpan);
    }

    private bool Read()
    {
        try
        {
            var file = new FileInfo(_path!);
            if (!file.Exists || ((file.LastWriteTimeUtc, file.Length) == _seen && _time.GetUtcNow() - file.LastWriteTimeUtc > Settled))
            {
                return false;
            }

            _seen = (file.LastWriteTimeUtc, file.Length);
            var text = File.ReadAllText(_path!);
            if (text == _text || !TryParse(text, out var items))
            {
                return false;
            }

            (_text, Items) = (text, items);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Being replaced or taken away at this moment: the next look finds out.
            return false;
        }
    }

    private static bool TryParse(string text, [NotNullWhen(true)] out IReadOnlyList<string>? items)
    {
        items = null;
        if (!text.EndsWith('\n'))
        {
            return false;
        }

        items = ExclusionListFormat.Parse(text, out var error);
        return error is null && items.All(item => ExclusionPattern.Validate(item, out _));
    }

    private static partial class Log
    {
        [LoggerMessage(5, LogLevel.Error, "The list of excluded URLs changed, and somebody who follows the settings threw an exception. Route tracing follows the list.")]
        public static partial void SubscriberFailed(ILogger logger, Exception exception);
    }
}
