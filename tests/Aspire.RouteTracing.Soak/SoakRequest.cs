using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.Soak;

/// <summary>One request, and the spans that were exported for it. Its number is in its trace id, in a header and in a tag.</summary>
internal sealed class SoakRequest
{
    public const string NumberHeader = "x-number";
    public const string NumberTag = "soak.number";
    public const string Key = "the key that both services share";
    public const string PreviousKey = "the key of the month before";

    private const byte TracePrefix = 0x50;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<Activity> _spans = [];
    private readonly int _expectedSpans;
    private readonly ActivityTraceId _traceId;

    public SoakRequest(RequestCase requestCase, long number, int expectedSpans)
    {
        (Case, _expectedSpans, Id, Number) = (requestCase, expectedSpans, number, number.ToString(CultureInfo.InvariantCulture));
        Path = requestCase.Path.Replace("#", Number, StringComparison.Ordinal);
        Span<byte> id = stackalloc byte[16];
        id.Fill(TracePrefix);
        BinaryPrimitives.WriteInt64BigEndian(id[8..], number);
        (_traceId, CallerSpanId) = (ActivityTraceId.CreateFromBytes(id), ActivitySpanId.CreateFromBytes(id[8..]));
        Headers = CreateHeaders();
    }

    public RequestCase Case { get; }

    public long Id { get; }

    /// <summary>Gets the id as text.</summary>
    public string Number { get; }

    public string Path { get; }

    public HeaderDictionary Headers { get; }

    public ActivitySpanId CallerSpanId { get; }

    /// <summary>Gets the spans that were exported so far.</summary>
    public IReadOnlyCollection<Activity> Spans => _spans;

    /// <summary>Gets a task that ends when the request has ended in the first service.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Gets or sets the work that goes on after the request.</summary>
    public Task Afterwards { get; set; } = Task.CompletedTask;

    /// <summary>Gets a task that ends when as many spans were exported as must be.</summary>
    public Task Complete => _expectedSpans == 0 ? Task.CompletedTask : _complete.Task;

    /// <summary>Returns the number of the request that a span belongs to, or 0.</summary>
    public static long NumberOf(Activity span)
    {
        Span<byte> id = stackalloc byte[16];
        span.TraceId.CopyTo(id);
        return span.GetTagItem(NumberTag) is string tag ? long.Parse(tag, CultureInfo.InvariantCulture)
            : id[..8].ContainsAnyExcept(TracePrefix) ? 0
            : BinaryPrimitives.ReadInt64BigEndian(id[8..]);
    }

    public void End() => _ended.SetResult();

    public void Add(Activity span)
    {
        _spans.Enqueue(span);
        if (_spans.Count == _expectedSpans)
        {
            _complete.TrySetResult();
        }
    }

    private HeaderDictionary CreateHeaders()
    {
        var headers = new HeaderDictionary
        {
            ["Host"] = InProcessServer.Host,
            ["traceparent"] = $"00-{_traceId}-{CallerSpanId}-0{(Case.IsCallerSampled ? 1 : 0)}",
            [NumberHeader] = Number,
            ["authorization"] = "Bearer in-clear",
            ["x-soak-cart"] = "basket",
        };
        if (SignatureOf(Case.Caller) is { } signature)
        {
            headers["tracestate"] = $"aspire-excluded={signature}";
        }

        if (Case.Toggled.IsSent)
        {
            headers[ReloadedList.ToggledHeader] = "toggle";
        }

        return headers;
    }

    private string? SignatureOf(Caller caller) => caller switch
    {
        Caller.Excluded or Caller.SampledAndSigned => Sign(Key, CallerSpanId),
        Caller.ExcludedWithPreviousKey => Sign(PreviousKey, CallerSpanId),
        Caller.Forged => Sign(Key, CallerSpanId)[..8] + new string('0', 32),
        Caller.OfAnotherKey => Sign("a key that nobody else has", CallerSpanId),
        Caller.OfAnotherSpan => Sign(Key, ActivitySpanId.CreateRandom()),
        Caller.Expired => Sign(Key, CallerSpanId, minutesAgo: 3),
        _ => null,
    };

    // Written here once more, so that the library's signature isn't compared with itself.
    private string Sign(string key, ActivitySpanId spanId, int minutesAgo = 0)
    {
        var minute = (uint)((DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 60) - minutesAgo);
        Span<byte> signed = stackalloc byte[28];
        _traceId.CopyTo(signed[..16]);
        spanId.CopyTo(signed[16..24]);
        BinaryPrimitives.WriteUInt32BigEndian(signed[24..], minute);
        return $"{minute:x8}{Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), signed), 0, 16)}";
    }
}
