using System.Globalization;

namespace Aspire.RouteTracing.Benchmarks.Report;

/// <summary>A line of the report.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Measured">The lowest and the highest of the rounds.</param>
/// <param name="Budget">The highest value that is acceptable, or NaN if there is no budget.</param>
/// <param name="Format">How a value is written, with its unit.</param>
internal sealed record Target(string What, MeasuredRange Measured, double Budget, string Format)
{
    private const string Missed = "**missed**";

    /// <summary>Gets why the budget is missed, if it is, as sentences.</summary>
    public string Reason { get; init; } = "";

    public bool IsMissed => Verdict == Missed;

    // A range that has the budget in it decides nothing.
    private string Verdict =>
        double.IsNaN(Budget) ? ""
            : Measured.Max <= Budget ? "met"
            : Measured.Min > Budget ? Missed
            : "open";

    public static Target Ratio(string what, MeasuredRange measured, double budget) => new(what, measured, budget, "0.00");

    public static Target Bytes(string what, MeasuredRange measured, double budget) => new(what, measured, budget, "0 B");

    public static Target Nanoseconds(string what, MeasuredRange measured, double budget) => new(what, measured, budget, "#,0 ns");

    public static Target Milliseconds(string what, MeasuredRange measured, double budget) => new(what, measured, budget, "0 ms");

    public static Target Megabytes(string what, MeasuredRange measured, double budget) => new(what, measured, budget, "0.0 MB");

    public override string ToString() =>
        $"| {What} | {(double.IsNaN(Budget) ? "" : Write(Budget))} | {Write(Measured.Min)} to {Write(Measured.Max)} | {Verdict} |";

    private string Write(double value) => value.ToString(Format, CultureInfo.InvariantCulture);
}
