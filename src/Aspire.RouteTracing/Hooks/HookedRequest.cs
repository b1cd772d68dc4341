using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.Hooks;

/// <summary>
/// Runs the hooks of one request, and restores the values that they set after the instrumentation has set its own at the end of the
/// request. A feature of the HttpContext.
/// </summary>
internal sealed class HookedRequest(RequestHooks owner, Activity span, HttpContext context, CompiledSettings settings, HookedRequest? other)
{
    private const string RouteTag = "http.route";
    private const string StatusCodeTag = "http.response.status_code";
    private const string ErrorTypeTag = "error.type";
    private const int RouteIndex = 0;
    private const int StatusCodeIndex = 1;
    private const int ErrorTypeIndex = 2;

    // The tags that the instrumentation sets at the end of a request, and would overwrite.
    private static readonly string[] TagNames =
    [
        RouteTag,
        StatusCodeTag,
        ErrorTypeTag,
        "rpc.system.name",
        "rpc.method",
        "rpc.method_original",
        "rpc.response.status_code",
        "network.peer.address",
        "network.peer.port",
        "network.protocol.version",
        "client.address",
    ];

    private string? _route;

    // The name with the route, which the hooks see.
    private string? _routeName;
    private bool _hasRequestHooksRun;
    private bool _hasResponseHooksRun;
    private bool _isCompletionRegistered;

    // The values that the hooks have set.
    private string? _displayName;
    private ActivityStatusCode? _status;
    private string? _statusDescription;
    private List<KeyValuePair<string, object?>>? _tags;

    public Activity Span => span;

    // An endpoint can exclude the request after it started.
    private bool IsRecorded => span.IsAllDataRequested;

    /// <summary>
    /// Returns the request of <paramref name="hooks"/> in this context. Each tracer provider can have one, and nested contexts inherit the
    /// features of the outer context.
    /// </summary>
    public HookedRequest? Find(RequestHooks hooks, HttpContext current) =>
        ReferenceEquals(owner, hooks) && ReferenceEquals(context, current) ? this : other?.Find(hooks, current);

    public void Register()
    {
        // The first registration runs last, so that hooks see what the application's own callbacks have set.
        context.Response.OnStarting(static request => ((HookedRequest)request).OnResponse(), this);
        RegisterCompletion();
    }

    public void OnRouteMatched()
    {
        if (_hasRequestHooksRun || !IsRecorded)
        {
            return;
        }

        var metadata = context.GetEndpoint()?.Metadata;
        _route = metadata?.GetMetadata<IRouteDiagnosticsMetadata>()?.Route;

        // An excluded endpoint excludes the request when it executes. If it doesn't, the hooks run at the response.
        if (metadata?.GetMetadata<ExcludeFromTracingAttribute>() is null)
        {
            InvokeRequestHooks();
            RegisterCompletion();
        }
    }

    /// <summary>Called when the response is about to start, or at the end of the request.</summary>
    public Task OnResponse()
    {
        if (!_hasResponseHooksRun && IsRecorded)
        {
            if (!_hasRequestHooksRun)
            {
                InvokeRequestHooks();
            }

            InvokeResponseHooks();
        }

        return Task.CompletedTask;
    }

    /// <summary>Called after the instrumentation has set its values.</summary>
    public void OnEnd()
    {
        // First, because a hook that runs below can rename the span after the instrumentation has named it.
        RemoveUnusedRoute();
        if (!_hasResponseHooksRun && IsRecorded)
        {
            // No response started, because an exception escaped or the client disconnected. The scope of the request is disposed, and
            // servers reject further callbacks.
            var services = context.Features.Get<IServiceProvidersFeature>();
            var scope = new LateScope(owner);
            context.Features.Set<IServiceProvidersFeature>(scope);
            OnResponse();
            context.Features.Set(services);
            _ = scope.DisposeAsync();
        }

        RestoreChanges();
    }

    // The server disposes the scope of the request before OnEnd. Callbacks run last in, first out, so this one is registered after the
    // scope was created.
    private void RegisterCompletion()
    {
        if (!_isCompletionRegistered && context.Features[typeof(IServiceProvidersFeature)] is not null)
        {
            _isCompletionRegistered = true;
            context.Response.OnCompleted(static request => ((HookedRequest)request).OnResponse(), this);
        }
    }

    private void InvokeRequestHooks()
    {
        _hasRequestHooksRun = true;
        var before = new Values(span);
        if (_route is { Length: > 0 } route && before.Tags[RouteIndex] is null)
        {
            span.AddTag(RouteTag, before.Tags[RouteIndex] = route);
            span.DisplayName = before.DisplayName = _routeName = $"{span.DisplayName} {route}";
        }

        owner.InvokeRequestHooks(settings, span, context.Request);
        KeepChanges(before);
    }

    private void InvokeResponseHooks()
    {
        _hasResponseHooksRun = true;
        if (!owner.AreUsedForResponses(settings))
        {
            return;
        }

        var statusCode = context.Response.StatusCode;
        var isServerError = statusCode >= StatusCodes.Status500InternalServerError;
        var before = new Values(span);
        var (status, errorType) = (before.Status, before.Tags[ErrorTypeIndex]);
        SetStatus(ref before, statusCode, isServerError);
        owner.InvokeResponseHooks(settings, span, context.Response);
        if (isServerError && context.Response.StatusCode < StatusCodes.Status500InternalServerError)
        {
            RemoveError(status, errorType, before.Tags[ErrorTypeIndex]);
        }

        KeepChanges(before);
    }

    // Sets the values that the instrumentation will set, so that hooks can read and change them.
    private void SetStatus(ref Values values, int statusCode, bool isServerError)
    {
        if (values.Tags[StatusCodeIndex] is null)
        {
            span.AddTag(StatusCodeTag, values.Tags[StatusCodeIndex] = statusCode);
        }

        if (isServerError && values.Status == ActivityStatusCode.Unset)
        {
            span.SetStatus(values.Status = ActivityStatusCode.Error);
        }

        if (isServerError && values.Tags[ErrorTypeIndex] is null)
        {
            span.AddTag(ErrorTypeTag, values.Tags[ErrorTypeIndex] = statusCode.ToString(CultureInfo.InvariantCulture));
        }
    }

    // A hook has changed the status code. An error that it set itself is kept.
    private void RemoveError(ActivityStatusCode status, object? errorType, object? assumedErrorType)
    {
        if (span is { Status: ActivityStatusCode.Error, StatusDescription: null })
        {
            span.SetStatus(status);
        }

        if (ReferenceEquals(span.GetTagItem(ErrorTypeTag), assumedErrorType))
        {
            span.SetTag(ErrorTypeTag, errorType);
        }
    }

    // Compares references, so that a value that a hook set again is kept, too. For the status, that can't be detected.
    private void KeepChanges(in Values before)
    {
        var after = new Values(span);
        if (!ReferenceEquals(after.DisplayName, before.DisplayName))
        {
            _displayName = after.DisplayName;
        }

        if (after.Status != before.Status || after.StatusDescription != before.StatusDescription)
        {
            (_status, _statusDescription) = (after.Status, after.StatusDescription);
        }

        for (var i = 0; i < TagNames.Length; i++)
        {
            if (!ReferenceEquals(after.Tags[i], before.Tags[i]))
            {
                (_tags ??= []).Add(new(TagNames[i], after.Tags[i]));
            }
        }
    }

    // Middleware can remove the endpoint. The instrumentation then doesn't replace the name, and the metric has no route.
    private void RemoveUnusedRoute()
    {
        if (_routeName is not null && ReferenceEquals(span.DisplayName, _displayName ?? _routeName))
        {
            span.DisplayName = _routeName[..^(_route!.Length + 1)];
            if (ReferenceEquals(span.GetTagItem(RouteTag), _route))
            {
                span.SetTag(RouteTag, null);
            }
        }

        (_route, _routeName) = (null, null);
    }

    private void RestoreChanges()
    {
        if (_displayName is not null)
        {
            span.DisplayName = _displayName;
        }

        if (_status is { } status)
        {
            span.SetStatus(status, _statusDescription);
        }

        _tags?.ForEach(tag => span.SetTag(tag.Key, tag.Value));
    }

    /// <summary>The values of a span that the instrumentation also sets, read in one pass over the tags.</summary>
    private ref struct Values
    {
        public string DisplayName;
        public ActivityStatusCode Status;
        public string? StatusDescription;
        public TagValues Tags;

        public Values(Activity span)
        {
            (DisplayName, Status, StatusDescription) = (span.DisplayName, span.Status, span.StatusDescription);
            foreach (ref readonly var tag in span.EnumerateTagObjects())
            {
                if (IndexOf(tag.Key) is var index and >= 0)
                {
                    Tags[index] = tag.Value;
                }
            }
        }

        // The order of TagNames.
        private static int IndexOf(string tag) => tag switch
        {
            RouteTag => RouteIndex,
            StatusCodeTag => StatusCodeIndex,
            ErrorTypeTag => ErrorTypeIndex,
            "rpc.system.name" => 3,
            "rpc.method" => 4,
            "rpc.method_original" => 5,
            "rpc.response.status_code" => 6,
            "network.peer.address" => 7,
            "network.peer.port" => 8,
            "network.protocol.version" => 9,
            "client.address" => 10,
            _ => -1,
        };
    }

    [InlineArray(11)]
    private struct TagValues
    {
        private object? _first;
    }

    /// <summary>A scope that is created when a hook needs it.</summary>
    private sealed class LateScope(RequestHooks owner) : IServiceProvidersFeature
    {
        private AsyncServiceScope? _scope;
        private IServiceProvider? _services;

        public IServiceProvider RequestServices
        {
            get => _services ??= (_scope = owner.CreateScope()).Value.ServiceProvider;
            set => _services = value;
        }

        /// <summary>Disposes the scope, or logs why not. Not awaited, because the instrumentation's callback is synchronous.</summary>
        public async Task DisposeAsync()
        {
            try
            {
                if (_scope is { } scope)
                {
                    await scope.DisposeAsync().ConfigureAwait(false);
                }
            }
            catch (Exception exception)
            {
                owner.LogDisposal(exception);
            }
        }
    }
}
