using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The tracestate member by which a service tells the services that it calls that they are part of an excluded request
/// (https://www.w3.org/TR/trace-context/#tracestate-header). Its value is a keyed hash of the trace id, so that nobody without the key can
/// keep a request out of the traces, and nobody who saw a value can use it for another trace.
/// </summary>
internal sealed class ExclusionSignature
{
    public const string KeyName = "Aspire:RouteTracing:ExclusionKey";
    public const string Member = "aspire-excluded";

    private const int TraceIdBytes = 16;
    private const int SignatureBytes = 16;
    private const int SignatureCharacters = SignatureBytes * 2;
    private const int MaxMembers = 32;

    // Not a secret: it makes the member work in Development where nobody gave a key.
    private static readonly byte[] DevelopmentKey = Encoding.UTF8.GetBytes(Member);

    private readonly byte[]? _key;

    public ExclusionSignature(IConfiguration configuration, IServiceProvider services)
    {
        _key = configuration[KeyName] is { Length: > 0 } key
            ? Encoding.UTF8.GetBytes(key)
            : services.GetService<IHostEnvironment>()?.IsDevelopment() == true ? DevelopmentKey : null;
    }

    /// <summary>Adds the member to the trace state of <paramref name="activity"/>, unless it is there.</summary>
    public void Sign(Activity activity)
    {
        if (_key is null || (activity.TraceStateString is { } state && state.StartsWith(Member, StringComparison.Ordinal) && IsSigned(activity)))
        {
            return;
        }

        Span<char> signature = stackalloc char[SignatureCharacters];
        Write(activity.TraceId, signature);
        activity.TraceStateString = WithoutMember(activity.TraceStateString) is { Length: > 0 } others
            ? $"{Member}={signature},{others}"
            : $"{Member}={signature}";
    }

    /// <summary>Whether the trace state of <paramref name="activity"/> has the member with the right value.</summary>
    public bool IsSigned(Activity activity)
    {
        if (_key is null || activity.TraceStateString is not { Length: > 0 } state)
        {
            return false;
        }

        foreach (var range in state.AsSpan().Split(','))
        {
            var member = state.AsSpan(range).Trim(" \t");
            if (IsOwn(member))
            {
                Span<char> signature = stackalloc char[SignatureCharacters];
                Write(activity.TraceId, signature);
                return CryptographicOperations.FixedTimeEquals(
                    MemoryMarshal.AsBytes(signature),
                    MemoryMarshal.AsBytes(member[(Member.Length + 1)..]));
            }
        }

        return false;
    }

    private static bool IsOwn(ReadOnlySpan<char> member)
        => member.Length > Member.Length && member[Member.Length] == '=' && member.StartsWith(Member, StringComparison.Ordinal);

    // A changed member moves to the left end; where that makes more than 32, the rightmost gives way
    // (https://www.w3.org/TR/trace-context/#mutating-the-tracestate-field).
    private static string? WithoutMember(string? state)
    {
        if (string.IsNullOrEmpty(state))
        {
            return null;
        }

        var others = state.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(member => !IsOwn(member))
            .Take(MaxMembers - 1);
        return string.Join(',', others);
    }

    private void Write(ActivityTraceId traceId, Span<char> signature)
    {
        Span<byte> traceIdBytes = stackalloc byte[TraceIdBytes];
        traceId.CopyTo(traceIdBytes);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key!, traceIdBytes, hash);
        Convert.TryToHexStringLower(hash[..SignatureBytes], signature, out _);
    }
}
