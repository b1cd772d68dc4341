using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Aspire.RouteTracing.Instrumentation;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The <c>tracestate</c> member that marks a call of an excluded request (https://www.w3.org/TR/trace-context/#tracestate-header):
/// <c>aspire-excluded={minute}{signature}</c>. The signature covers the trace id, the span id of the call and the minute. It is honored
/// with the unsampled flag only.
/// </summary>
internal sealed class ExclusionSignature(ActiveRouteTracing tracing, TimeProvider? time = null)
{
    public const string Member = "aspire-excluded";

    private const int MaxMembers = 32;
    private const int TraceIdBytes = 16;
    private const int SpanIdBytes = 8;
    private const int SignatureBytes = 16;
    private const int MinuteCharacters = 8;
    private const int ValueCharacters = MinuteCharacters + (2 * SignatureBytes);

    private uint CurrentMinute => (uint)((time ?? TimeProvider.System).GetUtcNow().ToUnixTimeSeconds() / 60);

    /// <summary>Adds the member to the trace state of <paramref name="call"/>, if there is a key.</summary>
    public void Sign(Activity call)
    {
        if (tracing.Current.ExclusionKey is not { } key)
        {
            return;
        }

        Span<char> value = stackalloc char[ValueCharacters];
        Write(key, call.TraceId, call.SpanId, CurrentMinute, value);
        var others = WithoutMember(call.TraceStateString);
        call.TraceStateString = others.Length > 0 ? $"{Member}={value},{others}" : $"{Member}={value}";
    }

    /// <summary>Returns whether the trace state of a request proves that the caller's request is excluded.</summary>
    public bool IsSigned(Activity server) =>
        server is { HasRemoteParent: true, TraceStateString: { Length: > 0 } state }
            && Find(state) is { } value
            && IsSigned(state.AsSpan(value), server);

    /// <summary>
    /// Removes the member from the trace state of a request, so that it isn't forwarded. Don't call it from the instrumentation's
    /// callbacks: a second instrumentation would assume a custom propagator and replace the activity.
    /// </summary>
    public static void Remove(Activity? server)
    {
        if (server?.TraceStateString is { Length: > 0 } state && Find(state) is not null)
        {
            server.TraceStateString = WithoutMember(state);
        }
    }

    private static Range? Find(string state)
    {
        foreach (var range in state.AsSpan().Split(','))
        {
            var member = state.AsSpan(range);
            var name = member.TrimStart(" \t");
            if (IsSignature(name))
            {
                var start = range.Start.Value + (member.Length - name.Length) + Member.Length + 1;
                return start..(start + name[(Member.Length + 1)..].TrimEnd(" \t").Length);
            }
        }

        return null;
    }

    private bool IsSigned(ReadOnlySpan<char> value, Activity server) =>
        value.Length == ValueCharacters
            && uint.TryParse(value[..MinuteCharacters], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var minute)
            && Math.Abs((long)minute - CurrentMinute) <= 1
            && ServerActivity.TryGetParent(server, out var parent) && !parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)
            && (IsSigned(tracing.Current.ExclusionKey, value, server, minute)
                || IsSigned(tracing.Current.PreviousExclusionKey, value, server, minute));

    private static bool IsSigned(byte[]? key, ReadOnlySpan<char> value, Activity server, uint minute)
    {
        if (key is null)
        {
            return false;
        }

        Span<char> expected = stackalloc char[ValueCharacters];
        Write(key, server.TraceId, server.ParentSpanId, minute, expected);
        return CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(expected), MemoryMarshal.AsBytes(value));
    }

    private static bool IsSignature(ReadOnlySpan<char> member) =>
        member.Length > Member.Length && member[Member.Length] == '=' && member.StartsWith(Member, StringComparison.Ordinal);

    // A changed member moves to the left. If there are more than 32, the rightmost is dropped
    // (https://www.w3.org/TR/trace-context/#mutating-the-tracestate-field).
    private static string WithoutMember(string? state) =>
        string.Join(',', (state ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(member => !IsSignature(member))
            .Take(MaxMembers - 1));

    private static void Write(byte[] key, ActivityTraceId traceId, ActivitySpanId spanId, uint minute, Span<char> value)
    {
        Span<byte> signed = stackalloc byte[TraceIdBytes + SpanIdBytes + sizeof(uint)];
        traceId.CopyTo(signed[..TraceIdBytes]);
        spanId.CopyTo(signed.Slice(TraceIdBytes, SpanIdBytes));
        BinaryPrimitives.WriteUInt32BigEndian(signed[(TraceIdBytes + SpanIdBytes)..], minute);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, signed, hash);
        minute.TryFormat(value, out _, "x8", CultureInfo.InvariantCulture);
        Convert.TryToHexStringLower(hash[..SignatureBytes], value[MinuteCharacters..], out _);
    }
}
