using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>
/// Keeps the route that <c>http.server.request.duration</c> is recorded with, by the caller's span: a point of the exported metric would not tell which
/// request it counts.
/// </summary>
internal sealed class RequestDurations : IDisposable
{
    private readonly Dictionary<ActivitySpanId, object?> _routes = [];
    private readonly MeterListener _listener = new();

    public RequestDurations()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Name: "http.server.request.duration", Meter.Name: "Microsoft.AspNetCore.Hosting" })
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            object? route = null;
            foreach (var tag in tags)
            {
                route = tag.Key == "http.route" ? tag.Value : route;
            }

            lock (_routes)
            {
                _routes.Add(Activity.Current!.ParentSpanId, route);
            }
        });
        _listener.Start();
    }

    public object? RouteOf(ActivitySpanId caller)
    {
        lock (_routes)
        {
            return _routes[caller];
        }
    }

    public void Dispose() => _listener.Dispose();
}
