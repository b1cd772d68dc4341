using System.Diagnostics;
using System.Text;
using Aspire.RouteTracing.ExcludedUrls;
using CsCheck;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>Any trace state of a caller or the application can be signed and verified.</summary>
public sealed class ExclusionSignatureProperties : IDisposable
{
    private const string SourceName = "Tests of the signature";

    private static readonly ActivitySource Requests = new(SourceName);

    private static readonly ExclusionSignature Signature = new();

    private readonly ActivityListener _listener = new()
    {
        ShouldListenTo = source => source.Name == SourceName,
        Sample = static (ref _) => ActivitySamplingResult.PropagationData,
    };

    public ExclusionSignatureProperties() => ActivitySource.AddActivityListener(_listener);

    public void Dispose() => _listener.Dispose();

    private static readonly Gen<string> TraceState = Gen.OneOf(
        Gen.String,
        Gen.OneOf(
            "aspire-excluded", "aspire-excluded=", "=", ",", " ", "\t", "a=1", "0af7651916cd43dd", "é", "\0", "\n", "\uD800",
            "\u00A0").Array[0, 12]
            .Select(string.Concat),
        Gen.Int[0, 60].Select(count => string.Join(',', Enumerable.Range(0, count).Select(number => $"m{number}=v"))));

    private static readonly Gen<string> Key = Gen.String.Where(key => Encoding.UTF8.GetByteCount(key) >= 16);

    [Fact]
    public void Random_text_is_not_a_valid_signature() =>
        Gen.Select(TraceState, Key).Sample((state, key) => Assert.False(IsSigned(Received(state, Call()), key)), iter: 2_000);

    [Fact]
    public void Any_trace_state_can_be_signed_and_keeps_the_members_of_others() =>
        Gen.Select(TraceState, Key).Sample((state, key) =>
        {
            var call = Call();
            call.TraceStateString = state;
            Signature.Sign(call, Bytes(key));
            var signed = call.TraceStateString!;

            Assert.Equal(
                Members(state).Where(member => !member.StartsWith("aspire-excluded=", StringComparison.Ordinal)).Take(31),
                Members(signed).Skip(1));
            Assert.False(IsSigned(Received(signed, call), key + "'"));
            Assert.False(IsSigned(Received(signed, Call()), key));

            var received = Received(signed, call);
            Assert.True(IsSigned(received, key));
            ExclusionSignature.Remove(received);
            Assert.DoesNotContain(
                Members(received.TraceStateString!), member => member.StartsWith("aspire-excluded=", StringComparison.Ordinal));
        }, iter: 2_000);

    private static bool IsSigned(Activity server, string key) => Signature.IsSigned(server, [Bytes(key)]);

    private static byte[] Bytes(string key) => Encoding.UTF8.GetBytes(key);

    // Each call has its own trace.
    private static Activity Call()
    {
        var activity = new Activity("call");
        activity.SetParentId(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom());
        return activity.Start();
    }

    private static Activity Received(string traceState, Activity call)
    {
        var parent = new ActivityContext(call.TraceId, call.SpanId, ActivityTraceFlags.None, traceState, isRemote: true);
        return Requests.CreateActivity("request", ActivityKind.Server, parent)!.Start();
    }

    private static string[] Members(string traceState) =>
        traceState.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
