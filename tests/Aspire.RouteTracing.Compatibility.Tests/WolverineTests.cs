using JasperFx.CodeGeneration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;
using Wolverine.Attributes;
using Wolverine.Runtime;
using Wolverine.Runtime.Handlers;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>A message in a local queue carries the id of its sender's activity to a handler, which runs outside the request.</summary>
public sealed class WolverineTests : LibraryTests
{
    internal static readonly Library Wolverine = new("WolverineFx", typeof(IMessageBus))
    {
        ExcludedUrls = "^/health/",
        FilteredUrls = "^/(health|probe)/",
        Configure = builder =>
        {
            builder.Services.AddSingleton<Signal>();
            builder.UseWolverine(options =>
            {
                options.Durability.Mode = DurabilityMode.Solo;

                // Found handlers would need a compiler at the start.
                options.CodeGeneration.TypeLoadMode = TypeLoadMode.Static;
                options.Discovery.DisableConventionalDiscovery();
                options.AddMessageHandler(new OrderPlacedHandler());
                options.PublishMessage<OrderPlaced>().ToLocalQueue("orders");
            });
        },
        Trace = tracing => tracing.AddSource("Wolverine"),
        IsOfRequest = span => span.OperationName != WolverineTracing.StoppingListener,
        Map = app =>
        {
            Map(app, "/orders");
            Map(app, "/health");
            Map(app, "/probe").ExcludeFromTracing();
        },
        Uses =
        [
            new("GET /orders/publish", "publishes a message to a local queue") { Until = Handled },
            new("GET /orders/wait", "publishes a message and waits until it is handled"),
            new("GET /orders/invoke", "invokes the handler"),
            new("GET /health/publish", "an excluded URL, which publishes") { Exclusion = UseExclusion.Whole, Until = Handled },
            new("GET /health/wait", "an excluded URL, which publishes and waits") { Exclusion = UseExclusion.Whole },
            new("GET /health/invoke", "an excluded URL, which invokes") { Exclusion = UseExclusion.Whole },
            new("GET /probe/wait", "an excluded endpoint, which publishes and waits") { Exclusion = UseExclusion.Whole },
        ],
    };

    internal override Library Library => Wolverine;

    [Theory]
    [InlineData("GET /orders/publish")]
    [InlineData("GET /orders/wait")]
    [InlineData("GET /orders/invoke")]
    public async Task A_request_is_traced_with_the_handler_of_its_message(string request)
    {
        var outcome = await Wolverine.SendAsync(request);

        Assert.Equal(request, outcome.Names[0]);
        Assert.Contains("reserve stock", outcome.Names);
        Assert.Single(outcome.Spans.Select(span => span.TraceId).Distinct());
    }

    private static RouteGroupBuilder Map(WebApplication app, string prefix)
    {
        var group = app.MapGroup(prefix);
        group.MapGet("/publish", (IMessageBus bus) => bus.PublishAsync(new OrderPlaced(1)).AsTask());
        group.MapGet("/wait", async (IMessageBus bus, Signal handled) =>
        {
            await bus.PublishAsync(new OrderPlaced(1));
            await handled.Task;
        });
        group.MapGet("/invoke", (IMessageBus bus) => bus.InvokeAsync(new OrderPlaced(1)));
        return group;
    }

    private static Task Handled(IServiceProvider services) => services.GetRequiredService<Signal>().Task;

    [MessageIdentity("order-placed")]
    public sealed record OrderPlaced(int Id);

    private sealed class OrderPlacedHandler : MessageHandler<OrderPlaced>
    {
        protected override Task HandleAsync(OrderPlaced message, MessageContext context, CancellationToken cancellation)
        {
            using (Library.Work.StartActivity("reserve stock"))
            {
                context.Runtime.Services.GetRequiredService<Signal>().Set();
            }

            return Task.CompletedTask;
        }
    }
}
