using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Tests.ServerErrors;

/// <summary>An exception that an exception handler answered is recorded on the span once.</summary>
public sealed class HandledExceptionTests
{
    [Fact]
    public async Task An_error_type_that_the_handler_sets_is_kept()
    {
        var span = await FailAsync((span, _) => span.SetTag("error.type", "out_of_stock"));

        // ASP.NET Core 11 overwrites it with the status code.
        Assert.Equal(Environment.Version.Major < 11 ? "out_of_stock" : "System.InvalidOperationException", span.GetTagItem("error.type"));
        Assert.Single(span.Events, e => e.Name == "exception");
    }

    [Fact]
    public async Task An_event_that_the_handler_added_is_not_added_again()
    {
        var span = await FailAsync((span, exception) => span.AddException(exception));

        Assert.Equal("System.InvalidOperationException", span.GetTagItem("error.type"));
        Assert.Single(span.Events, e => e.Name == "exception");
    }

    [Fact]
    public async Task The_exception_is_recorded_once_with_two_instrumentations()
    {
        var span = await FailAsync((_, _) => { }, instrumentation: "recording");

        Assert.Equal("System.InvalidOperationException", span.GetTagItem("error.type"));
        Assert.Single(span.Events, e => e.Name == "exception");
    }

    private static async Task<Activity> FailAsync(Action<Activity, Exception> handle, string? instrumentation = null)
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.ConfigureOpenTelemetryTracerProvider(
                    tracing => tracing.AddAspNetCoreInstrumentation(instrumentation, options => options.RecordException = true));
                builder.AddRouteTracing();
            },
            app =>
            {
                app.UseExceptionHandler(error => error.Run(context =>
                {
                    handle(context.Features.Get<IHttpActivityFeature>()!.Activity, context.Features.Get<IExceptionHandlerFeature>()!.Error);
                    return Task.CompletedTask;
                }));
                app.MapGet("/boom", string () => throw new InvalidOperationException());
            });

        using var response = await app.GetAsync("/boom");
        await app.StopAsync();

        return Assert.Single(app.Spans);
    }
}
