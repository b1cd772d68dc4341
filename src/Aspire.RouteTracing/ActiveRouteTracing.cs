using Aspire.RouteTracing.ExcludedUrls;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Aspire.RouteTracing;

/// <summary>
/// Compiles the settings, and compiles them again when a source changes. Replaces the options monitor, from which an exception of a
/// settings delegate would escape to the caller that reloads the configuration.
/// </summary>
internal sealed partial class ActiveRouteTracing : IRouteTracing, IDisposable
{
    // Not held while settings delegates run, because they may wait for a thread that suspends route tracing.
    private readonly Lock _changing = new();
    private readonly IOptionsFactory<RouteTracingSettings> _settings;
    private readonly IConfiguration _configuration;
    private readonly ILogger _logger;
    private readonly List<IDisposable> _subscriptions;
    private volatile CompiledSettings _loaded;
    private volatile CompiledSettings _current;
    private int _suspensions;
    private int _changes;
    private bool _isChangePending;
    private bool _mustLoad;
    private KeyValuePair<string, string?>[]? _failedConfiguration;

    public ActiveRouteTracing(
        IOptionsFactory<RouteTracingSettings> settings,
        IEnumerable<IOptionsChangeTokenSource<RouteTracingSettings>> sources,
        IConfiguration configuration,
        SafeLogger<ActiveRouteTracing> logger)
    {
        _settings = settings;
        _configuration = configuration;
        _logger = logger;

        // A source can change before it is subscribed to. These tokens detect that.
        var tokens = sources.Select(source => source.GetChangeToken()).ToArray();
        _loaded = _current = Compile(before: null);
        _subscriptions = [.. sources.Select(source => ChangeToken.OnChange(source.GetChangeToken, OnChange, source))];
        if (tokens.Any(token => token.HasChanged))
        {
            Reload();
        }
    }

    /// <summary>
    /// Raised on another thread after the current settings changed, or one of their items was disabled. Handlers must not throw.
    /// </summary>
    public event Action? Changed;

    /// <summary>Gets the settings that apply to a request that starts now.</summary>
    public CompiledSettings Current => _current;

    /// <summary>Gets the settings that were loaded last, also while route tracing is suspended.</summary>
    public CompiledSettings Loaded => _loaded;

    public IReadOnlyList<UrlExclusion> ExcludedUrls => _current.ExcludedUrls.Current;

    public UrlExclusion? FindExclusion(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return RequestUrl.TryParse(url, out var parsed)
            ? _current.ExcludedUrls.Find(parsed)
            : throw new ArgumentException(
                $"'{url}' is neither an absolute HTTP URL nor a path that starts with '/', or it contains %00.", nameof(url));
    }

    public UrlExclusion? FindExclusion(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _current.ExcludedUrls.Find(request);
    }

    public IDisposable Suspend()
    {
        Change(() => _suspensions++);
        return new Suspension(this);
    }

    public void Dispose() => _subscriptions.ForEach(subscription => subscription.Dispose());

    private void OnChange(IOptionsChangeTokenSource<RouteTracingSettings> source)
    {
        // The configuration signals one change several times, so Load() skips a configuration that has just failed. Other sources signal a
        // change once.
        if (source is not ConfigurationChangeTokenSource<RouteTracingSettings>)
        {
            Volatile.Write(ref _mustLoad, true);
        }

        Reload();
    }

    // If another thread is loading, that thread loads again.
    private void Reload()
    {
        if (Interlocked.Increment(ref _changes) > 1)
        {
            return;
        }

        int seen;
        do
        {
            seen = Volatile.Read(ref _changes);
            Load();
        }
        while (Interlocked.Add(ref _changes, -seen) > 0);
    }

    private void Load()
    {
        KeyValuePair<string, string?>[] configuration = [];
        try
        {
            configuration = [.. _configuration.AsEnumerable()];
            if (!Interlocked.Exchange(ref _mustLoad, false) && _failedConfiguration?.SequenceEqual(configuration) == true)
            {
                return;
            }

            var loaded = Compile(_loaded);
            Change(() => _loaded = loaded);
            _failedConfiguration = null;
        }
        catch (Exception exception)
        {
            _failedConfiguration = configuration;
            Log.ReloadFailed(_logger, exception);
        }
    }

    private CompiledSettings Compile(CompiledSettings? before) =>
        CompiledSettings.Compile(_settings.Create(Options.DefaultName), before, RaiseChanged, _logger);

    // In the background, so that a request that disables an item or suspends route tracing isn't delayed. Once for several changes.
    private void RaiseChanged()
    {
        if (!Interlocked.Exchange(ref _isChangePending, true))
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static tracing =>
                {
                    Volatile.Write(ref tracing._isChangePending, false);
                    tracing.Changed?.Invoke();
                },
                this,
                preferLocal: false);
        }
    }

    private void Change(Action change)
    {
        lock (_changing)
        {
            change();
            _current = _suspensions == 0 ? _loaded : CompiledSettings.Disabled;
        }

        RaiseChanged();
    }

    private sealed class Suspension(ActiveRouteTracing tracing) : IDisposable
    {
        private bool _disposed;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _disposed, true))
            {
                tracing.Change(() => tracing._suspensions--);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            10, LogLevel.Error,
            "The changed settings of Aspire:RouteTracing could not be loaded, and the previous settings still apply. Correct the settings; "
            + "the next change of the configuration loads them again.")]
        public static partial void ReloadFailed(ILogger logger, Exception exception);
    }
}
