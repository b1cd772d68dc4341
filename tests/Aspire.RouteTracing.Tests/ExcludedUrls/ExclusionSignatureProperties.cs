using System.Diagnostics;
using Aspire.RouteTracing.ExcludedUrls;
using CsCheck;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>Any trace state, as a caller or the application may have left it, can be signed and asked for the signature.</summary>
public class ExclusionSignatureProperties
{
    private static readonly Gen<string> TraceState = Gen.OneOf(
        Gen.String,
        Gen.OneOf("aspire-excluded", "aspire-excluded=", "=", ",", " ", "\t", "a=1", "0af7651916cd43dd", "é", "\0", "\n", "\uD800", "\u00A0").Array[0, 12].Select(string.Concat),
        Gen.Int[0, 60].Select(count => string.Join(',', Enumerable.Range(0, count).Select(number => $"m{number}=v"))));

    private static readonly Gen<string> Key = Gen.String.Where(key => key.Length > 0);

    [Fact]
    public void No_text_is_a_signature() =>
        Gen.Select(TraceState, Key).Sample((state, key) => Assert.False(Signature(key).IsSigned(In(state))), iter: 5_000);

    [Fact]
    public void Any_trace_state_can_be_signed_and_keeps_the_members_of_others() =>
        Gen.Select(TraceState, Key).Sample((state, key) =>
        {
            var (signature, activity) = (Signature(key), In(state));

            signature.Sign(activity);
            var signed = activity.TraceStateString!;
            Assert.True(signature.IsSigned(activity));
            Assert.Equal(
                Members(state).Where(member => !member.StartsWith("aspire-excluded=", StringComparison.Ordinal)).Take(31),
                Members(signed).Skip(1));

            signature.Sign(activity);
            Assert.Equal(signed, activity.TraceStateString);
            Assert.False(Signature(key + "'").IsSigned(activity));
            Assert.False(signature.IsSigned(In(signed)));
        }, iter: 5_000);

    private static ExclusionSignature Signature(string key) => new(
        new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { [ExclusionSignature.KeyName] = key }).Build(),
        new ServiceCollection().BuildServiceProvider());

    // Each in a trace of its own.
    private static Activity In(string traceState)
    {
        var activity = new Activity("request") { TraceStateString = traceState };
        activity.SetParentId(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom());
        return activity.Start();
    }

    private static string[] Members(string traceState) => traceState.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
