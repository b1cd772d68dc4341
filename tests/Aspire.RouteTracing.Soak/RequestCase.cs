namespace Aspire.RouteTracing.Soak;

/// <summary>What the handler of a request does besides a span of its own.</summary>
[Flags]
internal enum Work
{
    None = 0,
    NewRoot = 1,
    Call = 2,
    SpanAfterwards = 4,
    Throw = 8,
    Abort = 16,
    HookThrows = 32,
}

/// <summary>What the <c>traceparent</c> and the <c>tracestate</c> of a request say about its caller.</summary>
internal enum Caller
{
    Sampled,
    Unsampled,
    Excluded,
    ExcludedWithPreviousKey,

    // The signatures of these prove nothing.
    Forged,
    OfAnotherKey,
    OfAnotherSpan,
    Expired,
    SampledAndSigned,
}

/// <summary>A sampler under which a pair of services runs.</summary>
/// <param name="Name">The value of <c>OTEL_TRACES_SAMPLER</c>.</param>
/// <param name="AsksParent">Whether it drops the spans of an unsampled parent.</param>
/// <param name="KeepsFailedRequests">Whether the services of this pair keep the server spans of excluded requests that fail.</param>
internal sealed record Sampler(string Name, bool AsksParent, bool KeepsFailedRequests)
{
    // The other samplers have the library remember traces as long as the process runs, so the parent-based one is the first.
    public static IReadOnlyList<Sampler> All { get; } =
        [new("parentbased_always_on", true, false), new("always_on", false, false), new("traceidratio", false, true)];
}

/// <summary>A kind of request, and what must come out of it.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path, with <c>#</c> for the number of the request.</param>
/// <param name="Route">The route in the name of the span and in <c>http.route</c>. Without a route, no handler runs.</param>
/// <param name="Pattern">What the counter counts the request by, if this application excludes it.</param>
internal sealed record RequestCase(string Method, string Path, string? Route, string? Pattern = null)
{
    private const string Order = "/orders/{id:int}";
    private const string Probe = "/probe/{id}";
    private const string Listed = "^/excluded/";

    public Work Work { get; init; }

    public Caller Caller { get; init; }

    /// <summary>Gets whether the request has the header that every other reload captures, and whether it is captured now.</summary>
    public (bool IsSent, bool IsCaptured) Toggled { get; init; }

    public int StatusCode => Work.HasFlag(Work.Throw) ? 500 : Work.HasFlag(Work.Abort) ? 499 : Route is null ? 404 : 200;

    /// <summary>Gets the type of the exception that escapes from the handler, if any.</summary>
    public Type? ErrorType =>
        Work.HasFlag(Work.Throw) ? typeof(SoakException) : Work.HasFlag(Work.Abort) ? typeof(OperationCanceledException) : null;

    public bool IsExcluded => Pattern is not null || Caller is Caller.Excluded or Caller.ExcludedWithPreviousKey;

    public bool IsCallerSampled => Caller is Caller.Sampled or Caller.SampledAndSigned;

    public bool IsTraced(Sampler sampler) => !IsExcluded && (IsCallerSampled || !sampler.AsksParent);

    /// <summary>Creates the cases whose outcome no reload changes, in turn: those that take long come first and once.</summary>
    public static RequestCase[] CreateMix()
    {
        var order = new RequestCase("GET", "/orders/#", Order);
        var excluded = new RequestCase("GET", "/excluded/#", "/excluded/{id}", Listed);
        var probe = new RequestCase("GET", "/probe/#", Probe, Probe);
        RequestCase[] common =
        [
            order,
            order with { Method = "POST" },
            order with { Method = "PUT" },
            order with { Method = "DELETE" },
            order with { Work = Work.NewRoot },
            new("GET", "/plain", "/plain"),
            new("GET", "/shop/tea/items/#", "/shop/{category}/items/{item?}"),
            new("GET", "/Basket/Show/#", "/Basket/Show/{id?}"),
            new("GET", "/a/page/of/the/client/#", "/{*path:nonfile}"),
            new("GET", "/BASE/orders/#", "/base" + Order),
            new("GET", "/missing.txt", null),
            excluded,
            excluded with { Method = "POST" },
            excluded with { Path = "/excluded/always" },
            excluded with { Work = Work.NewRoot },
            new("GET", "/health", "/health", "^/health$"),
            probe,
            new("PUT", "/attribute/#", "/attribute/{id}", "/attribute/{id}"),
            .. Enum.GetValues<Caller>().Select(caller => order with { Caller = caller }),
        ];
        RequestCase[] rare =
        [
            order with { Work = Work.Call },
            order with { Work = Work.Call, Caller = Caller.Unsampled },
            order with { Work = Work.Call, Caller = Caller.Excluded },
            order with { Work = Work.Call, Caller = Caller.Forged },
            order with { Work = Work.HookThrows },
            probe with { Work = Work.Call | Work.SpanAfterwards },
            excluded with { Work = Work.Call },
            .. new[] { Work.SpanAfterwards, Work.Throw, Work.Abort }.SelectMany(
                work => new[] { order with { Work = work }, excluded with { Work = work } }),
        ];
        return [.. rare, .. Enumerable.Repeat(common, 12).SelectMany(cases => cases)];
    }

    /// <summary>Creates the cases whose outcome a reload changes: URLs that were decided before it, and new ones.</summary>
    /// <param name="excluded">The side that is excluded now.</param>
    /// <param name="isCaptured">Whether the header is captured now.</param>
    /// <param name="sides">Both sides.</param>
    public static RequestCase[] CreateToggled(string excluded, bool isCaptured, params string[] sides) =>
    [
        .. sides.SelectMany(side => new[] { "#", "always" }.Select(id =>
            new RequestCase("GET", $"/toggle/{side}/{id}", "/toggle/{side}/{id}", side == excluded ? $"^/toggle/{side}/" : null)
            {
                Toggled = (IsSent: true, isCaptured),
            })),
    ];
}
