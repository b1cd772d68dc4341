using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.Soak;

/// <summary>One request, and the spans that were exported for it. Its number is in its trace id and in a header.</summary>
internal sealed class SoakRequest
{
    public const string NumberHeader = "x-number";
    public const string NumberTag = "soak.number";
    public const string Key = "the key that both services share";
    public const string PreviousKey = "the key of the month before";

    /// <summary>The header that has a hook throw.</summary>
    public const string FailingHookHeader = "x-failing-hook";

    private const string Member = "aspire-excluded";

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Activity> _spans = [];
    private readonly int _expectedSpans;

    public SoakRequest(RequestCase soakCase, long number, int expectedSpans)
    {
        (Case, Number, _expectedSpans) = (soakCase, number, expectedSpans);
        NumberText = number.ToString(CultureInfo.InvariantCulture);
        Path = soakCase.Path.Replace("#", NumberText, StringComparison.Ordinal);
        Span<byte> id = stackalloc byte[16];
        id.Fill(0x50);
        BinaryPrimitives.WriteInt64BigEndian(id[8..], number);
        TraceId = ActivityTraceId.CreateFromBytes(id);
        CallerSpanId = ActivitySpanId.CreateFromBytes(id[8..]);
        Headers = CreateHeaders();
    }

    public RequestCase Case { get; }

    public long Number { get; }

    public string NumberText { get; }

    public string Path { get; }

    public ActivityTraceId TraceId { get; }

    public ActivitySpanId CallerSpanId { get; }

    public HeaderDictionary Headers { get; }

    /// <summary>Gets a task that ends when the request has ended in the first service.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Gets or sets the work that goes on after the request.</summary>
    public Task Afterwards { get; set; } = Task.CompletedTask;

    /// <summary>Gets a task that ends when as many spans were exported as must be.</summary>
    public Task Complete => _complete.Task;

    /// <summary>Returns the number of the request that a span belongs to, or 0.</summary>
    public static long NumberOf(Activity span)
    {
        if (span.GetTagItem(NumberTag) is string tag)
        {
            return long.Parse(tag, CultureInfo.InvariantCulture);
        }

        Span<byte> id = stackalloc byte[16];
        span.TraceId.CopyTo(id);
        return id[0] == 0x50 && id[7] == 0x50 ? BinaryPrimitives.ReadInt64BigEndian(id[8..]) : 0;
    }

    public void End() => _ended.SetResult();

    public void Add(Activity span)
    {
        lock (_spans)
        {
            _spans.Add(span);
            if (_spans.Count == _expectedSpans)
            {
                _complete.SetResult();
            }
        }
    }

    public Activity[] ToSpans()
    {
        lock (_spans)
        {
            return [.. _spans];
        }
    }

    private HeaderDictionary CreateHeaders()
    {
        var isSampled = Case.Caller is Caller.Sampled or Caller.OfSampledCall;
        var headers = new HeaderDictionary
        {
            ["Host"] = InProcessServer.Host,
            ["traceparent"] = $"00-{TraceId}-{CallerSpanId}-{(isSampled ? "01" : "00")}",
            [NumberHeader] = NumberText,
            ["authorization"] = "Bearer in-clear",
            ["x-soak-cart"] = "basket",
        };
        if (TraceStateOf(Case.Caller) is { } traceState)
        {
            headers["tracestate"] = traceState;
        }

        if (Case.SendsToggle)
        {
            headers[ReloadedList.ToggledHeader] = "toggle";
        }

        if (Case.Work.HasFlag(Work.FailingHook))
        {
            headers[FailingHookHeader] = "1";
        }

        return headers;
    }

    private string? TraceStateOf(Caller caller) => caller switch
    {
        Caller.Excluded or Caller.OfSampledCall => Sign(Key, CallerSpanId, minutesAgo: 0),
        Caller.ExcludedWithPreviousKey => Sign(PreviousKey, CallerSpanId, minutesAgo: 0),
        Caller.Forged => $"{Member}={MinuteAt(0):x8}{new string('0', 32)}",
        Caller.OfAnotherKey => Sign("a key that nobody else has", CallerSpanId, minutesAgo: 0),
        Caller.OfAnotherSpan => Sign(Key, ActivitySpanId.CreateRandom(), minutesAgo: 0),
        Caller.Expired => Sign(Key, CallerSpanId, minutesAgo: 3),
        _ => null,
    };

    // Written here once more, so that the services' own signature isn't compared with itself.
    private string Sign(string key, ActivitySpanId spanId, uint minutesAgo)
    {
        var minute = MinuteAt(minutesAgo);
        Span<byte> signed = stackalloc byte[28];
        TraceId.CopyTo(signed[..16]);
        spanId.CopyTo(signed[16..24]);
        BinaryPrimitives.WriteUInt32BigEndian(signed[24..], minute);
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), signed);
        return $"{Member}={minute:x8}{Convert.ToHexStringLower(signature.AsSpan(0, 16))}";
    }

    private static uint MinuteAt(uint minutesAgo) => (uint)(DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 60) - minutesAgo;
}
