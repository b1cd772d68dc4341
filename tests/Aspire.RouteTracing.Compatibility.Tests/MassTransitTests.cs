using MassTransit;
using MassTransit.Logging;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>A message carries the trace of its sender to a consumer, which runs outside the request and perhaps after it.</summary>
public sealed class MassTransitTests : LibraryTests
{
    internal static readonly Library MassTransit = new("MassTransit", typeof(IBusControl))
    {
        ExcludedUrls = "^/health$",
        FilteredUrls = "^/(health|probe)$",
        Configure = builder =>
        {
            builder.Services.AddSingleton<Signal>();
            builder.Services.Configure<MassTransitHostOptions>(options => options.WaitUntilStarted = true);
            builder.Services.AddMassTransit(bus =>
            {
                bus.AddConsumer<OrderPlacedConsumer>();
                bus.UsingInMemory((context, transport) => transport.ConfigureEndpoints(context));
            });
        },
        Trace = tracing => tracing.AddSource(DiagnosticHeaders.DefaultListenerName),
        Map = app =>
        {
            app.MapPost("/orders", (IBus bus) => bus.Publish(new OrderPlaced(1)));
            app.MapGet("/health", (IBus bus) => bus.Publish(new OrderPlaced(0)));
            app.MapGet("/probe", (IBus bus) => bus.Publish(new OrderPlaced(0))).ExcludeFromTracing();
        },
        Uses =
        [
            new("POST /orders", "publishes a message") { Until = Consumed },
            new("GET /health", "an excluded URL, which publishes a message") { Exclusion = UseExclusion.Whole, Until = Consumed },
            new("GET /probe", "an excluded endpoint, which publishes a message") { Exclusion = UseExclusion.Whole, Until = Consumed },
        ],
    };

    internal override Library Library => MassTransit;

    [Fact]
    public async Task A_request_is_traced_with_the_message_and_its_consumer()
    {
        var outcome = await MassTransit.SendAsync("POST /orders");

        Assert.Equal("POST /orders", outcome.Names[0]);
        Assert.Contains("reserve stock", outcome.Names);
        Assert.Single(outcome.Spans.Select(span => span.TraceId).Distinct());
    }

    private static Task Consumed(IServiceProvider services) => services.GetRequiredService<Signal>().Task;

    [EntityName("order-placed")]
    private sealed record OrderPlaced(int Id);

    private sealed class OrderPlacedConsumer(Signal consumed) : IConsumer<OrderPlaced>
    {
        public Task Consume(ConsumeContext<OrderPlaced> context)
        {
            using (Library.Work.StartActivity("reserve stock"))
            {
                consumed.Set();
            }

            return Task.CompletedTask;
        }
    }
}
