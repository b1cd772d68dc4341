using Aspire.RouteTracing.ExcludedUrls;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Aspire.RouteTracing;

/// <summary>
/// Keeps the settings compiled, and compiles them again when one of their sources changes. The options framework's own monitor would
/// let an exception of a settings delegate escape into whoever reloaded the configuration.
/// </summary>
internal sealed partial class ActiveRouteTracing : IRouteTracing, IDisposable
{
    private readonly Lock _changing = new();
    private readonly IOptionsFactory<RouteTracingSettings> _settings;
    private readonly ILogger<ActiveRouteTracing> _logger;
    private readonly List<IDisposable> _subscriptions;
    private CompiledSettings _loaded;
    private volatile CompiledSettings _current;
    private int _suspensions;

    public ActiveRouteTracing(
        IOptionsFactory<RouteTracingSettings> settings,
        IEnumerable<IOptionsChangeTokenSource<RouteTracingSettings>> sources,
        ILogger<ActiveRouteTracing> logger)
    {
        _settings = settings;
        _logger = logger;

        // A source that changes before it is subscribed to calls nobody.
        var tokens = sources.Select(source => source.GetChangeToken()).ToArray();
        _loaded = _current = Load(before: null);
        _subscriptions = [.. sources.Select(source => ChangeToken.OnChange(source.GetChangeToken, Reload))];
        if (tokens.Any(token => token.HasChanged))
        {
            Reload();
        }
    }

    /// <summary>Gets the settings that apply to a request that starts now.</summary>
    public CompiledSettings Current => _current;

    public IReadOnlyList<UrlExclusion> ExcludedUrls => _current.ExcludedUrls.Current;

    public UrlExclusion? FindExclusion(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        return RequestUrl.TryParse(url, out var parsed)
            ? _current.ExcludedUrls.Find(parsed)
            : throw new ArgumentException($"'{url}' is neither an absolute HTTP URL nor a path that starts with '/'.", nameof(url));
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

    private CompiledSettings Load(CompiledSettings? before) => CompiledSettings.Compile(_settings.Create(Options.DefaultName), before, _logger);

    private void Reload() => Change(() =>
    {
        try
        {
            _loaded = Load(_loaded);
        }
        catch (Exception exception)
        {
            Log.ReloadFailed(_logger, exception);
        }
    });

    private void Change(Action change)
    {
        lock (_changing)
        {
            change();
            _current = _suspensions == 0 ? _loaded : CompiledSettings.Disabled;
        }
    }

    private sealed class Suspension(ActiveRouteTracing tracing) : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                tracing.Change(() => tracing._suspensions--);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(10, LogLevel.Error, "The changed settings of Aspire:RouteTracing can't be applied; the settings so far stay in force.")]
        public static partial void ReloadFailed(ILogger logger, Exception exception);
    }
}
