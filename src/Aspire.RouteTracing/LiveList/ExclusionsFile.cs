using System.Diagnostics.CodeAnalysis;
using System.Text;
using Aspire.RouteTracing.ExcludedUrls;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Aspire.RouteTracing.LiveList;

/// <summary>
/// The list of the file that the AppHost edits while the service runs. If the file isn't a complete list, the previous list still applies,
/// and the problem is logged if it persists.
/// </summary>
/// <remarks>
/// A list is complete if its text ends with a line break but not with a comma, and every item is valid. See "Why the file is polled" in
/// docs/architecture.md. A list in the folder of the statuses is the AppHost's, and is ignored if other users can open this folder.
/// </remarks>
internal sealed partial class ExclusionsFile : IOptionsChangeTokenSource<RouteTracingSettings>, IDisposable
{
    private const int MaxBytes = 1_000_000;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    // Shorter problems aren't logged, because a file can be invalid while it is written or replaced.
    private static readonly TimeSpan LogAfter = TimeSpan.FromSeconds(2);

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string? _path;
    private readonly string? _ownerOnlyFolder;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer? _timer;
    private byte[]? _seen;
    private string? _seenProblem;
    private string? _problem;
    private DateTimeOffset? _logAt;
    private ConfigurationReloadToken _changed = new();

    public ExclusionsFile(IConfiguration configuration, SafeLogger<ExclusionsFile> logger)
        : this(
            configuration[ConfigurationKeys.ExclusionsFile], configuration[ConfigurationKeys.StatusFolder], TimeProvider.System, logger)
    {
    }

    public ExclusionsFile(string? path, string? statusFolder, TimeProvider time, ILogger logger)
    {
        _path = path;
        _ownerOnlyFolder = Path.GetDirectoryName(path) == statusFolder ? statusFolder : null;
        _time = time;
        _logger = logger;
        if (!string.IsNullOrWhiteSpace(_path))
        {
            Read();

            // Starts after assignment: Poll() reschedules through _timer.
            _timer = time.CreateTimer(
                static file => ((ExclusionsFile)file!).Poll(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Interval, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Gets the last complete list, or <see langword="null"/> if there was none yet.</summary>
    public IReadOnlyList<string>? Items { get; private set; }

    public string Name => Options.DefaultName;

    public IChangeToken GetChangeToken() => Volatile.Read(ref _changed);

    /// <summary>Stops reading the file. The last list still applies.</summary>
    public void Dispose() => _timer?.Dispose();

    private void Poll()
    {
        if (Read())
        {
            try
            {
                Interlocked.Exchange(ref _changed, new ConfigurationReloadToken()).OnReload();
            }
            catch (AggregateException exception)
            {
                // If the application uses an options monitor of the settings, it runs the settings delegates, and their exceptions escape.
                Log.SubscriberFailed(_logger, exception);
            }
        }

        // Does nothing after Dispose().
        _timer?.Change(Interval, Timeout.InfiniteTimeSpan);
    }

    // Returns whether there is a new list.
    private bool Read()
    {
        try
        {
            if (!TryReadBytes(out var bytes, out var problem))
            {
                return Reject(problem);
            }

            var hasNewList = false;
            if (!bytes.AsSpan().SequenceEqual(_seen))
            {
                _seen = bytes;
                hasNewList = TryParse(bytes, out var items, out _seenProblem) && Items?.SequenceEqual(items) != true;
                Items = hasNewList ? items : Items;

                // A changed file that has the same problem is logged again.
                _problem = _logAt is null ? null : _problem;
            }

            if (_seenProblem is not null)
            {
                return Reject(_seenProblem);
            }

            _problem = null;
            return hasNewList;
        }
        catch (Exception exception)
        {
            return Reject(exception.Message);
        }
    }

    // Pipes and devices have no size. They are never opened, because that can block forever.
    private bool TryReadBytes(out byte[] bytes, [NotNullWhen(false)] out string? problem)
    {
        bytes = [];
        var file = new FileInfo(_path!);
        if (!file.Exists)
        {
            problem = Directory.Exists(_path) ? "It is a directory." : "The file does not exist.";
            return false;
        }

        if (_ownerOnlyFolder is not null)
        {
            OwnerOnlyFolder.Require(_ownerOnlyFolder);
        }

        // A link has its own size.
        file = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
        if (file.Length is 0 or > MaxBytes)
        {
            problem = file.Length == 0
                ? "It is empty, or not a regular file."
                : $"It has {file.Length} bytes, and the limit is {MaxBytes}.";
            return false;
        }

        // If the file grows meanwhile, the next read finds the rest.
        using var stream = OwnerOnlyFile.OpenRead(_path!);
        bytes = new byte[Math.Min(stream.Length, MaxBytes)];
        stream.ReadExactly(bytes);
        problem = null;
        return true;
    }

    private static bool TryParse(byte[] bytes, out IReadOnlyList<string> items, [NotNullWhen(false)] out string? problem)
    {
        items = [];
        if (!TryDecode(bytes, out var text))
        {
            problem = "It is not UTF-8 text.";
            return false;
        }

        if (!text.EndsWith('\n'))
        {
            problem = "Its text does not end with a line break, so it may not be complete.";
            return false;
        }

        // An escaped comma, or one in a comment, doesn't delimit items.
        var trimmed = text.TrimEnd();
        if (trimmed.EndsWith(',') && ExclusionListFormat.Parse(trimmed + "next\n", out _) is [.., "next"])
        {
            problem = "Its text ends with a comma, so it may not be complete.";
            return false;
        }

        items = ExclusionListFormat.Parse(text, out problem);
        for (var i = 0; i < items.Count && problem is null; i++)
        {
            problem = ExclusionPattern.Validate(items[i], out var reason) ? null
                : $"'{items[i]}', item {i + 1}, is invalid: {reason}";
        }

        return problem is null;
    }

    // Binary content and UTF-16 can be valid UTF-8, but have control characters.
    private static bool TryDecode(ReadOnlySpan<byte> bytes, out string text)
    {
        try
        {
            text = StrictUtf8.GetString(bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes);
            return !ExclusionListFormat.HasControlCharacters(text);
        }
        catch (DecoderFallbackException)
        {
            text = "";
            return false;
        }
    }

    private bool Reject(string problem)
    {
        if (problem != _problem)
        {
            (_problem, _logAt) = (problem, _time.GetUtcNow() + LogAfter);
        }
        else if (_time.GetUtcNow() > _logAt)
        {
            _logAt = null;
            Log.Ignored(_logger, _path!, ConfigurationKeys.ExclusionsFile, problem);
        }

        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(
            7, LogLevel.Error,
            "The list of excluded URLs in the file '{Path}' ({Key}) was ignored: {Reason} The previous list still applies. If there is "
            + "none yet, the list of OTEL_DOTNET_EXCLUDED_URLS applies.")]
        public static partial void Ignored(ILogger logger, string path, string key, string reason);

        [LoggerMessage(
            5, LogLevel.Error,
            "A subscriber to changes of RouteTracingSettings threw an exception. Route tracing uses the new list of excluded URLs.")]
        public static partial void SubscriberFailed(ILogger logger, Exception exception);
    }
}
