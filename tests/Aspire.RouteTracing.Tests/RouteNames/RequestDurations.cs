using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>
/// Keeps the route and the error of <c>http.server.request.duration</c> by the caller's span, because points of the exported metric can't
/// be assigned to requests.
/// </summary>
internal sealed class RequestDurations : IDisposable
{
    private readonly Dictionary<ActivitySpanId, (object? Route, object? ErrorType)> _tags = [];
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
            object? errorType = null;
            foreach (var tag in tags)
            {
                route = tag.Key == "http.route" ? tag.Value : route;
                errorType = tag.Key == "error.type" ? tag.Value : errorType;
            }

            lock (_tags)
            {
                _tags.Add(Activity.Current!.ParentSpanId, (route, errorType));
            }
        });
        _listener.Start();
    }

    public (object? Route, object? ErrorType) Of(ActivitySpanId caller)
    {
        lock (_tags)
        {
            return _tags[caller];
        }
    }

    public void Dispose() => _listener.Dispose();
}
