using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The list that the AppHost keeps in a file, so that it can change while the service runs. The text ends with a line break; without it,
/// or with an item that is no valid expression, the file is taken for half-written and the last good list stays in force, as it does
/// when the file is gone. If it stays so, that is logged.
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
    private string? _problem;
    private DateTimeOffset _problemSince;
    private bool _isLogged;
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
        if (!string.IsNullOrWhiteSpace(_path))
        {
            Read();

            // Started once it is assigned, for each look asks it for the next one.
            _timer = time.CreateTimer(static file => ((ExclusionsFile)file!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Interval, Timeout.InfiniteTimeSpan);
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
            if (!file.Exists)
            {
                _seen = default;
                return Refuse("There is no such file.");
            }

            // A link has a time stamp of its own, which stays when what it leads to is replaced.
            file = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
            if ((file.LastWriteTimeUtc, file.Length) == _seen && _time.GetUtcNow() - file.LastWriteTimeUtc > Settled)
            {
                return _problem is not null && Refuse(_problem);
            }

            var seen = (file.LastWriteTimeUtc, file.Length);
            var text = ReadText(_path!);
            _seen = seen;
            if (text == _text)
            {
                _problem = null;
                return false;
            }

            if (!TryParse(text, out var items, out var problem))
            {
                return Refuse(problem);
            }

            (_text, Items, _problem) = (text, items, null);
            return true;
        }
        catch (Exception exception)
        {
            return Refuse(exception.Message);
        }
    }

    // Windows lets nobody replace a file that is open, unless whoever opened it says so.
    private static string ReadText(string path)
    {
        using var reader = new StreamReader(path, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete });
        return reader.ReadToEnd();
    }

    // What is being written, replaced or taken away at this moment is of no use for this moment only, and the next look finds that out.
    private bool Refuse(string problem)
    {
        if (problem != _problem)
        {
            (_problem, _problemSince, _isLogged) = (problem, _time.GetUtcNow(), false);
        }
        else if (!_isLogged && _time.GetUtcNow() - _problemSince > Settled)
        {
            _isLogged = true;
            Log.Refused(_logger, _path!, PathKey, problem);
        }

        return false;
    }

    private static bool TryParse(string text, [NotNullWhen(true)] out IReadOnlyList<string>? items, [NotNullWhen(false)] out string? problem)
    {
        items = null;
        if (!text.EndsWith('\n'))
        {
            problem = "Its text does not end with a line break, so it may not be complete.";
            return false;
        }

        var list = ExclusionListFormat.Parse(text, out problem);
        for (var i = 0; problem is null && i < list.Count; i++)
        {
            if (!ExclusionPattern.Validate(list[i], out var reason))
            {
                problem = $"'{list[i]}', item {i + 1}, is no valid regular expression: {reason}";
            }
        }

        items = problem is null ? list : null;
        return items is not null;
    }

    private static partial class Log
    {
        [LoggerMessage(7, LogLevel.Error, "The list of excluded URLs in the file '{Path}', which {Key} names, is not used: {Reason} What was in force before stays in force.")]
        public static partial void Refused(ILogger logger, string path, string key, string reason);

        [LoggerMessage(5, LogLevel.Error, "The list of excluded URLs changed, and somebody who follows the settings threw an exception. Route tracing follows the list.")]
        public static partial void SubscriberFailed(ILogger logger, Exception exception);
    }
}
