using Grpc.Core;

namespace Aspire.RouteTracing.Compatibility.Tests.Grpc;

internal sealed class StockService : Stock.StockBase
{
    public override Task<Reservation> Reserve(Article request, ServerCallContext context)
    {
        using var work = Library.Work.StartActivity("reserve");
        return Task.FromResult(new Reservation { Count = 1 });
    }

    public override Task<Reservation> Check(Article request, ServerCallContext context)
    {
        using var work = Library.Work.StartActivity("check");
        return Task.FromResult(new Reservation());
    }
}
