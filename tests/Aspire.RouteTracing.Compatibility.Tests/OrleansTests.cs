using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>A grain runs outside the execution context of the request that calls it, in the trace of the client's activity.</summary>
public sealed class OrleansTests : LibraryTests
{
    internal static readonly Library Orleans = new("Microsoft.Orleans.Server", typeof(ISiloBuilder))
    {
        ExcludedUrls = "^/health$",
        FilteredUrls = "^/(health|probe)$",
        Configure = builder => builder.Host.UseOrleans(silo => silo
            .UseLocalhostClustering(FreePort.Find(), FreePort.Find())
            .AddActivityPropagation()),
        Trace = tracing => tracing.AddSource("Microsoft.Orleans.Application"),
        Map = app =>
        {
            app.MapGet("/count", (IGrainFactory grains) => grains.GetGrain<ICounterGrain>("a").NextAsync());
            app.MapGet("/health", (IGrainFactory grains) => grains.GetGrain<ICounterGrain>("a").NextAsync());
            app.MapGet("/probe", (IGrainFactory grains) => grains.GetGrain<ICounterGrain>("a").NextAsync()).ExcludeFromTracing();
        },
        Uses =
        [
            new("GET /count", "calls a grain of the same process"),
            new("GET /health", "an excluded URL, which calls the grain") { Exclusion = UseExclusion.Whole },
            new("GET /probe", "an excluded endpoint, which calls the grain") { Exclusion = UseExclusion.Whole },
        ],
    };

    internal override Library Library => Orleans;

    [Fact]
    public async Task A_request_is_traced_with_the_grain_and_its_work()
    {
        var outcome = await Orleans.SendAsync("GET /count");

        Assert.Equal(["GET /count", "ICounterGrain/NextAsync", "ICounterGrain/NextAsync", "count"], outcome.Names);
    }
}

public interface ICounterGrain : IGrainWithStringKey
{
    Task<int> NextAsync();
}

public sealed class CounterGrain : Grain, ICounterGrain
{
    private int _count;

    public Task<int> NextAsync()
    {
        using var work = Library.Work.StartActivity("count");
        return Task.FromResult(++_count);
    }
}
