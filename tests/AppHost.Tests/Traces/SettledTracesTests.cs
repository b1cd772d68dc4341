using AppHost.WithoutAspire.Otlp;
using AppHost.WithoutAspire.Otlp.Messages;
using AppHost.WithoutAspire.Traces;
using Google.Protobuf;

namespace AppHost.Tests.Traces;

public class SettledTracesTests
{
    private readonly Telemetry _telemetry = new();
    private readonly SettledTraces _settled;

    public SettledTracesTests() => _settled = new(_telemetry);

    [Fact]
    public void A_trace_is_handed_out_once_and_when_no_more_spans_come()
    {
        Receive(trace: 1, span: 1);
        Assert.Empty(_settled.Take());

        Receive(trace: 1, span: 2);
        Receive(trace: 2, span: 3);
        Assert.Empty(_settled.Take());

        Receive(trace: 2, span: 4);
        Assert.Equal(2, Assert.Single(_settled.Take()).SpanCount);
        Assert.Equal(2, Assert.Single(_settled.Take()).SpanCount);
        Assert.Empty(_settled.Take());
    }

    private void Receive(byte trace, byte span) => _telemetry.Add(new ExportTraceServiceRequest
    {
        ResourceSpans =
        {
            new ResourceSpans
            {
                ScopeSpans = { new ScopeSpans { Spans = { new Span { TraceId = ByteString.CopyFrom(trace), SpanId = ByteString.CopyFrom(span) } } } },
            },
        },
    });
}
