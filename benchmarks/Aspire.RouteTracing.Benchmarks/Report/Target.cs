namespace Aspire.RouteTracing.Benchmarks.Report;

/// <summary>A line of the report.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Goal">What it has to be.</param>
/// <param name="Measured">What it is.</param>
/// <param name="Met">Whether it is what it has to be.</param>
internal sealed record Target(string What, string Goal, string Measured, bool Met)
{
    // No object is smaller: less than that on average is what the runtime allocates for itself.
    private const int SmallestObject = 24;

    public static Target Ratio(string what, double ratio, double atMost) =>
        new(what, $"at most {atMost:0.##}", $"{ratio:0.00}", ratio <= atMost);

    public static Target TimesFaster(string what, double ratio, double atLeast) =>
        new(what, $"at least {atLeast:0} times faster", $"{ratio:0.0} times", ratio >= atLeast);

    public static Target Time(string what, double nanoseconds, double below) =>
        new(what, $"at most {Format(below)}", Format(nanoseconds), nanoseconds <= below);

    public static Target Bytes(string what, long bytes, long atMost) =>
        new(
            what,
            $"at most {atMost} B",
            $"{(Math.Abs(bytes) < SmallestObject ? 0 : bytes)} B",
            bytes <= Math.Max(atMost, SmallestObject - 1));

    public override string ToString() => $"| {What} | {Goal} | {Measured} | {(Met ? "met" : "**missed**")} |";

    private static string Format(double nanoseconds) => nanoseconds < 1000 ? $"{nanoseconds:0} ns" : $"{nanoseconds / 1000:0} µs";
}
