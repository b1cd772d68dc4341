using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Hooks;

/// <summary>Runs the hooks of recorded requests: the delegates of the settings, then the hooks of the container.</summary>
internal sealed class RequestHooks(ActiveRouteTracing tracing, IServiceProvider services, ILogger<RequestHooks> logger)
{
    // Lazy, because a hook can depend on the tracer provider, which is being built when this object is created.
    private readonly Lazy<IRouteTracingHook[]> _containerHooks = new(() => [.. services.GetServices<IRouteTracingHook>()]);

    // By name, because a reload creates new delegates with the same name.
    private readonly ConcurrentDictionary<string, bool> _logged = new();

    private readonly IServiceScopeFactory _scopes = services.GetRequiredService<IServiceScopeFactory>();
    private Delegates _delegates = new(null, null, []);
    private volatile bool _haveRun;

    /// <summary>Gets whether there are hooks for new requests.</summary>
    public bool Any => tracing.Current is { Enabled: true } settings
        && (settings.RequestHook is not null || settings.ResponseHook is not null || _containerHooks.Value.Length != 0);

    /// <summary>Gets whether any request has had hooks. A reload can remove hooks while requests run.</summary>
    public bool HaveRun => _haveRun;

    /// <summary>Creates the hooks of the container, so that the startup fails if a hook can't be created.</summary>
    public void Create() => _ = _containerHooks.Value;

    public void OnStart(Activity span, HttpContext context)
    {
        if (!Any)
        {
            return;
        }

        var others = context.Features[typeof(HookedRequest)] as HookedRequest;
        if (others?.Find(this, context) is { } known && known.Span == span)
        {
            return;
        }

        _haveRun = true;
        var request = new HookedRequest(this, span, context, GetHooks(), others is { Span.IsStopped: false } ? others : null);
        context.Features.Set(request);

        // Creates the scope of the request before the callbacks are registered, so that it is disposed after they run. Not for delegates,
        // which seldom need it.
        if (_containerHooks.Value.Length != 0)
        {
            _ = context.RequestServices;
        }

        request.Register();
    }

    public void OnRouteMatched(HttpContext context) => Find(context)?.OnRouteMatched();

    /// <summary>Called after the instrumentation has set its values.</summary>
    public void OnEnd(HttpContext context) => Find(context)?.OnEnd();

    /// <summary>Creates a scope for hooks that run after the scope of the request was disposed.</summary>
    public IServiceScope CreateScope() => _scopes.CreateScope();

    // Nested contexts, such as those of OData's $batch, inherit the features.
    private HookedRequest? Find(HttpContext context) =>
        _haveRun ? (context.Features[typeof(HookedRequest)] as HookedRequest)?.Find(this, context) : null;

    private IsolatedHook[] GetHooks()
    {
        var settings = tracing.Current;
        var delegates = _delegates;
        if (delegates.RequestHook != settings.RequestHook || delegates.ResponseHook != settings.ResponseHook || delegates.Hooks.Length == 0)
        {
            _delegates = delegates = new Delegates(settings.RequestHook, settings.ResponseHook, CreateHooks(settings));
        }

        return delegates.Hooks;
    }

    private IsolatedHook[] CreateHooks(CompiledSettings settings)
    {
        var hooks = new List<IsolatedHook>();
        if (settings.RequestHook is { } requestHook)
        {
            Add(nameof(settings.RequestHook), requestHook, null);
        }

        if (settings.ResponseHook is { } responseHook)
        {
            Add(nameof(settings.ResponseHook), null, responseHook);
        }

        foreach (var hook in _containerHooks.Value)
        {
            Add(hook.GetType().ToString(), hook.OnRequest, hook.OnResponse);
        }

        return [.. hooks];

        void Add(string name, Action<Activity, HttpRequest>? onRequest, Action<Activity, HttpResponse>? onResponse) =>
            hooks.Add(new IsolatedHook(name, onRequest, onResponse, _logged, logger));
    }

    private sealed record Delegates(
        Action<Activity, HttpRequest>? RequestHook, Action<Activity, HttpResponse>? ResponseHook, IsolatedHook[] Hooks);
}
