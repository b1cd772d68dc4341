using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The <c>tracestate</c> member that marks a call of an excluded request (https://www.w3.org/TR/trace-context/#tracestate-header):
/// <c>aspire-excluded={minute}{signature}</c>. The signature covers the trace id, the span id of the call and the minute. It is honored
/// with the unsampled flag only.
/// </summary>
internal sealed class ExclusionSignature(TimeProvider? time = null)
{
    private const string Prefix = "aspire-excluded=";
    private const int MaxMembers = 32;
    private const int TraceIdBytes = 16;
    private const int SpanIdBytes = 8;
    private const int SignatureBytes = 16;
    private const int MinuteCharacters = 8;
    private const int ValueCharacters = MinuteCharacters + (2 * SignatureBytes);

    private uint CurrentMinute => (uint)((time ?? TimeProvider.System).GetUtcNow().ToUnixTimeSeconds() / 60);

    /// <summary>Adds the member to the trace state of <paramref name="call"/>.</summary>
    public void Sign(Activity call, byte[] key)
    {
        var member = Prefix + Write(key, call.TraceId, call.SpanId, CurrentMinute);
        var others = WithoutMember(call.TraceStateString);
        call.TraceStateString = others.Length > 0 ? $"{member},{others}" : member;
    }

    /// <summary>Returns whether the trace state of a request proves, with one of the keys, that the caller's request is excluded.</summary>
    public bool IsSigned(Activity server, byte[][] keys) =>
        server.HasRemoteParent
            && FindMember(server.TraceStateString)?[Prefix.Length..] is { Length: ValueCharacters } value
            && !ExcludedSpans.HasRecordedParent(server)
            && uint.TryParse(
                value.AsSpan(0, MinuteCharacters), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var minute)
            && Math.Abs((long)minute - CurrentMinute) <= 1
            && Array.Exists(keys, key => IsSigned(key, value, server, minute));

    /// <summary>
    /// Removes the member from the trace state of a request, so that it isn't forwarded. Don't call it from the instrumentation's
    /// callbacks: a second instrumentation would assume a custom propagator and replace the activity.
    /// </summary>
    public static void Remove(Activity? server)
    {
        if (server is not null && FindMember(server.TraceStateString) is not null)
        {
            server.TraceStateString = WithoutMember(server.TraceStateString);
        }
    }

    private static string? FindMember(string? state) =>
        state?.Contains(Prefix, StringComparison.Ordinal) == true ? Split(state).FirstOrDefault(IsMember) : null;

    private static bool IsSigned(byte[] key, string value, Activity server, uint minute) =>
        CryptographicOperations.FixedTimeEquals(
            MemoryMarshal.AsBytes(Write(key, server.TraceId, server.ParentSpanId, minute).AsSpan()),
            MemoryMarshal.AsBytes(value.AsSpan()));

    // A changed member moves to the left. If there are more than 32, the rightmost is dropped
    // (https://www.w3.org/TR/trace-context/#mutating-the-tracestate-field).
    private static string WithoutMember(string? state) =>
        string.Join(',', Split(state ?? "").Where(member => !IsMember(member)).Take(MaxMembers - 1));

    private static string[] Split(string state) =>
        state.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool IsMember(string text) => text.StartsWith(Prefix, StringComparison.Ordinal);

    private static string Write(byte[] key, ActivityTraceId traceId, ActivitySpanId spanId, uint minute)
    {
        Span<byte> signed = stackalloc byte[TraceIdBytes + SpanIdBytes + sizeof(uint)];
        traceId.CopyTo(signed[..TraceIdBytes]);
        spanId.CopyTo(signed.Slice(TraceIdBytes, SpanIdBytes));
        BinaryPrimitives.WriteUInt32BigEndian(signed[(TraceIdBytes + SpanIdBytes)..], minute);
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(key, signed).AsSpan(0, SignatureBytes));
        return string.Create(CultureInfo.InvariantCulture, $"{minute:x8}{signature}");
    }
}
