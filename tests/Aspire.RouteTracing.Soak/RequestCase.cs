using System.Collections.Frozen;

namespace Aspire.RouteTracing.Soak;

/// <summary>What the handler of a request does besides a span of its own.</summary>
[Flags]
internal enum Work
{
    None = 0,

    /// <summary>Starts a span without a parent.</summary>
    NewRoot = 1,

    /// <summary>Calls the second service.</summary>
    Call = 2,

    /// <summary>Starts a span once the request is over.</summary>
    Afterwards = 4,

    /// <summary>Throws.</summary>
    Fail = 8,

    /// <summary>Loses its client.</summary>
    Abort = 16,

    /// <summary>Has a hook that throws.</summary>
    FailingHook = 32,
}

/// <summary>What the <c>traceparent</c> and the <c>tracestate</c> of a request say.</summary>
internal enum Caller
{
    Sampled,
    Unsampled,

    /// <summary>The caller's request is excluded, which its signature proves.</summary>
    Excluded,
    ExcludedWithPreviousKey,

    // Signatures that prove nothing.
    Forged,
    OfAnotherKey,
    OfAnotherSpan,
    Expired,
    OfSampledCall,
}

/// <summary>A kind of request, and what must come out of it.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path, with <c>#</c> for the number of the request.</param>
/// <param name="Route">The route in the name of the span and in <c>http.route</c>, if any.</param>
/// <param name="Pattern">What the counter counts the request by, if this application excludes it.</param>
internal sealed record RequestCase(string Method, string Path, string? Route, string? Pattern = null)
{
    public Work Work { get; init; }

    public Caller Caller { get; init; }

    public int StatusCode { get; init; } = 200;

    /// <summary>Gets whether it has the header that only some versions of the settings capture.</summary>
    public bool SendsToggle { get; init; }

    /// <summary>Gets whether the version in force captures it.</summary>
    public bool CapturesToggle { get; init; }

    public bool IsExcluded => Pattern is not null || Caller is Caller.Excluded or Caller.ExcludedWithPreviousKey;

    /// <summary>Gets the type of the exception that escapes from the handler, if any.</summary>
    public string? ErrorType =>
        Work.HasFlag(Work.Fail) ? typeof(SoakException).FullName
        : Work.HasFlag(Work.Abort) ? typeof(OperationCanceledException).FullName
        : null;

    public string Name => $"{Method} {Path}{(Caller == Caller.Sampled ? "" : $", caller {Caller}")}{(Work == Work.None ? "" : $", {Work}")}";

    /// <summary>Returns whether the spans of the request are recorded.</summary>
    public bool IsTraced(Sampler sampler) =>
        !IsExcluded && !(sampler.AsksParent && Caller is not (Caller.Sampled or Caller.OfSampledCall));

    /// <summary>The cases whose outcome no reload changes. Those that take long are in it once, the others several times.</summary>
    public static RequestCase[] CreateMix()
    {
        const string Order = "/orders/{id:int}";
        const string Listed = "^/excluded/";
        var order = new RequestCase("GET", "/orders/#", Order);
        var excluded = new RequestCase("GET", "/excluded/#", "/excluded/{id}", Listed);
        RequestCase[] common =
        [
            new("GET", "/plain", "/plain"),
            order,
            new("POST", "/orders/#", Order),
            new("PUT", "/orders/#", Order),
            new("DELETE", "/orders/#", Order),
            new("GET", "/shop/tea/items/#", "/shop/{category}/items/{item?}"),
            new("GET", "/Basket/Show/#", "/Basket/Show/{id?}"),
            new("GET", "/a/page/of/the/client/#", "/{*path:nonfile}"),
            new("GET", "/BASE/orders/#", "/base" + Order),
            new("GET", "/missing.txt", null) { StatusCode = 404 },
            excluded,
            excluded with { Method = "POST" },
            new("GET", "/excluded/always", "/excluded/{id}", Listed),
            new("GET", "/health", "/health", "^/health$"),
            new("GET", "/probe/#", "/probe/{id}", "/probe/{id}"),
            new("PUT", "/attribute/#", "/attribute/{id}", "/attribute/{id}"),
            order with { Caller = Caller.Unsampled },
            order with { Caller = Caller.Excluded },
            order with { Caller = Caller.ExcludedWithPreviousKey },
            order with { Caller = Caller.Forged },
            order with { Caller = Caller.OfAnotherKey },
            order with { Caller = Caller.OfAnotherSpan },
            order with { Caller = Caller.Expired },
            order with { Caller = Caller.OfSampledCall },
            order with { Work = Work.NewRoot },
            excluded with { Work = Work.NewRoot },
        ];
        RequestCase[] rare =
        [
            order with { Work = Work.Call },
            order with { Work = Work.Call, Caller = Caller.Unsampled },
            order with { Work = Work.Call, Caller = Caller.Excluded },
            order with { Work = Work.Call, Caller = Caller.Forged },
            excluded with { Work = Work.Call },
            new("GET", "/probe/#", "/probe/{id}", "/probe/{id}") { Work = Work.Call | Work.Afterwards },
            order with { Work = Work.Afterwards },
            excluded with { Work = Work.Afterwards },
            order with { Work = Work.Fail, StatusCode = 500 },
            excluded with { Work = Work.Fail, StatusCode = 500 },
            order with { Work = Work.Abort, StatusCode = 499 },
            excluded with { Work = Work.Abort, StatusCode = 499 },
            order with { Work = Work.FailingHook },
        ];
        return [.. Enumerable.Repeat(common, 12).SelectMany(cases => cases), .. rare];
    }
}

/// <summary>The requests that a reload excludes or traces again, by what the list in force says about them.</summary>
internal sealed class ToggledCases
{
    private readonly FrozenDictionary<(string Side, bool IsFresh, bool IsOdd), RequestCase> _cases =
        new[] { "even", "odd" }.SelectMany(side => new[] { true, false }.SelectMany(isFresh => new[] { true, false }.Select(isOdd =>
            KeyValuePair.Create((side, isFresh, isOdd), Create(side, isFresh, isOdd))))).ToFrozenDictionary();

    /// <summary>Returns those to send after the reload of a version: URLs that were decided before, and new ones.</summary>
    public IEnumerable<RequestCase> Of(int version) =>
        _cases.Where(pair => pair.Key.IsOdd == int.IsOddInteger(version)).Select(pair => pair.Value);

    private static RequestCase Create(string side, bool isFresh, bool isOdd) => new(
        "GET",
        $"/toggle/{side}/{(isFresh ? "#" : "1")}",
        "/toggle/{side}/{id}",
        isOdd == (side == "odd") ? ReloadedList.Toggle(isOdd) : null)
    {
        SendsToggle = true,
        CapturesToggle = isOdd,
    };
}
