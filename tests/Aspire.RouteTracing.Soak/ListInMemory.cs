using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Aspire.RouteTracing.Soak;

/// <summary>A source of configuration whose list changes a hundred times a second.</summary>
internal sealed class ListInMemory : ConfigurationProvider, IConfigurationSource
{
    private const int IntervalMilliseconds = 10;

    public ListInMemory() => Write(version: 0);

    public int Reloads { get; private set; }

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <summary>Takes a thread of its own, since those of the pool have requests to serve, and catches up where it was late.</summary>
    public Task ChangeAsync(CancellationToken cancellation) => Task.Factory.StartNew(
        () =>
        {
            var time = Stopwatch.StartNew();
            while (!cancellation.WaitHandle.WaitOne((int)Math.Max(0, ((Reloads + 1) * IntervalMilliseconds) - time.ElapsedMilliseconds)))
            {
                Write(Reloads + 1);
                OnReload();
                Reloads++;
            }
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    private void Write(int version)
    {
        var list = string.Create(CultureInfo.InvariantCulture, $"^/always/,^/version{version}/[0-9]+$,(?=/none{version})x,");
        Data["OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"] = list + (version % 2 == 0 ? "^/sometimes/[0-9]+$" : "(bad");
        Data["Aspire:RouteTracing:CapturedRequestHeaders"] = version % 3 == 0 ? "x-id" : "x-.*";
        Data["Aspire:RouteTracing:ResponsePropagators"] = version % 5 == 0 ? "TraceResponse" : "None";
    }
}
