using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.Hooks;

/// <summary>The service scope that hooks use.</summary>
public sealed class HookScopeTests
{
    [Theory]
    [InlineData("/ok")]
    [InlineData("/boom")]
    public async Task Both_hooks_can_use_scoped_services(string path)
    {
        Scoped? inRequestHook = null;
        Scoped? inResponseHook = null;
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddScoped<Scoped>();
                builder.AddRouteTracing(settings =>
                {
                    settings.RequestHook = (_, request) => inRequestHook = request.HttpContext.RequestServices.GetRequiredService<Scoped>();
                    settings.ResponseHook = (_, response) =>
                    {
                        inResponseHook = response.HttpContext.RequestServices.GetRequiredService<Scoped>();
                        Assert.False(inResponseHook.IsDisposed);
                    };
                });
            },
            HookedApp.MapOkAndBoom);

        using var response = await app.GetAsync(path);
        await app.StopAsync();

        Assert.NotNull(inRequestHook);
        Assert.Same(inRequestHook, inResponseHook);
        Assert.True(inRequestHook.IsDisposed);
        Assert.DoesNotContain(app.Logs, log => log.Attributes?.Any(attribute => attribute.Key == "Hook") == true);
    }

    [Theory]
    [InlineData(false, "none")]
    [InlineData(true, "created")]
    public async Task Only_container_hooks_create_the_scope_of_the_request(bool hasContainerHook, string expected)
    {
        string? scope = null;
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.AddRouteTracing(new HookCalls().Record);
                if (hasContainerHook)
                {
                    builder.Services.AddRouteTracingHook<TaggingHook>();
                }
            },
            app => app.MapGet("/", context =>
            {
                scope = context.Features.Get<IServiceProvidersFeature>() is null ? "none" : "created";
                return Task.CompletedTask;
            }));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal(expected, scope);
    }

    [Fact]
    public async Task The_response_hook_has_a_new_scope_if_an_exception_escapes()
    {
        Scoped? inHandler = null;
        Scoped? inHook = null;
        bool? wasDisposed = null;
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddScoped<Scoped>();
                builder.AddRouteTracing(settings => settings.ResponseHook = (_, response) =>
                {
                    inHook = response.HttpContext.RequestServices.GetRequiredService<Scoped>();
                    wasDisposed = inHook.IsDisposed;
                });
            },
            app => app.MapGet("/boom", string (Scoped scoped) =>
            {
                inHandler = scoped;
                throw new InvalidOperationException("boom");
            }));

        using var response = await app.GetAsync("/boom");
        await app.StopAsync();

        Assert.NotNull(inHook);
        Assert.False(wasDisposed);
        Assert.NotSame(inHandler, inHook);
        Assert.True(inHook.IsDisposed);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_scope_that_is_async_or_fails_to_dispose_keeps_what_hooks_set(bool fails)
    {
        var disposed = 0;
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddScoped(_ => new AsyncScoped(() =>
                {
                    disposed++;
                    if (fails)
                    {
                        throw new InvalidOperationException("not disposed");
                    }
                }));
                builder.AddRouteTracing(settings => settings.ResponseHook = (span, response) =>
                {
                    _ = response.HttpContext.RequestServices.GetRequiredService<AsyncScoped>();
                    span.DisplayName = "set by the hook";
                });
            },
            app => app.MapGet("/boom", string () => throw new InvalidOperationException("boom")));

        for (var i = 0; i < 2; i++)
        {
            using var response = await app.GetAsync("/boom");
        }

        await app.StopAsync();

        Assert.Equal(2, disposed);
        Assert.Equal(["set by the hook", "set by the hook"], app.SpanNames);
        Assert.Equal(fails ? ["not disposed"] : [], app.Logs.Where(log => log.EventId.Id == 42).Select(log => log.Exception!.Message));
    }

    [Fact]
    public async Task A_late_hook_runs_on_a_server_that_rejects_late_callbacks()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddScoped<Scoped>();
                builder.Services.AddSingleton<IStartupFilter, RejectingServer>();
                builder.AddRouteTracing(settings => settings.ResponseHook = (span, response) =>
                {
                    _ = response.HttpContext.RequestServices.GetRequiredService<Scoped>();
                    span.DisplayName = "set by the hook";
                });
            },
            app => app.Use((HttpContext _, RequestDelegate _) => throw new InvalidOperationException("boom")));

        using var response = await app.GetAsync("/");
        await app.StopAsync();

        Assert.Equal(["set by the hook"], app.SpanNames);
        Assert.DoesNotContain(app.Logs, log => log.EventId.Id is 40 or 42);
    }

    /// <summary>Like HTTP.sys, throws an exception if a callback is registered after the callbacks have run.</summary>
    private sealed class RejectingServer : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((HttpContext context, RequestDelegate pipeline) =>
            {
                context.Features.Set<IHttpResponseFeature>(
                    new RejectingResponse(context.Features.GetRequiredFeature<IHttpResponseFeature>()));
                return pipeline(context);
            });
            next(app);
        };
    }

    private sealed class RejectingResponse : IHttpResponseFeature
    {
        private readonly IHttpResponseFeature _response;
        private bool _isCompleted;

        public RejectingResponse(IHttpResponseFeature response)
        {
            _response = response;
            response.OnCompleted(
                _ =>
                {
                    _isCompleted = true;
                    return Task.CompletedTask;
                },
                this);
        }

        public int StatusCode
        {
            get => _response.StatusCode;
            set => _response.StatusCode = value;
        }

        public string? ReasonPhrase
        {
            get => _response.ReasonPhrase;
            set => _response.ReasonPhrase = value;
        }

        public IHeaderDictionary Headers
        {
            get => _response.Headers;
            set => _response.Headers = value;
        }

        [Obsolete("The interface has it.")]
        public Stream Body
        {
            get => _response.Body;
            set => _response.Body = value;
        }

        public bool HasStarted => _response.HasStarted;

        public void OnStarting(Func<object, Task> callback, object state) => _response.OnStarting(callback, state);

        public void OnCompleted(Func<object, Task> callback, object state)
        {
            if (_isCompleted)
            {
                throw new InvalidOperationException("The response is complete.");
            }

            _response.OnCompleted(callback, state);
        }
    }

    private sealed class AsyncScoped(Action dispose) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Scoped : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    private sealed class TaggingHook : IRouteTracingHook
    {
        public void OnRequest(Activity activity, HttpRequest request) => activity.SetTag("tagged", "request");

        public void OnResponse(Activity activity, HttpResponse response) =>
            activity.SetTag("tagged", activity.GetTagItem("tagged") + ", response");
    }
}
