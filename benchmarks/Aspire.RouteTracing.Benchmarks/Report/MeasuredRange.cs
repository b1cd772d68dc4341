namespace Aspire.RouteTracing.Benchmarks.Report;

/// <summary>What several rounds measured.</summary>
internal readonly record struct MeasuredRange(double Min, double Max)
{
    public static MeasuredRange Of(IEnumerable<double> values)
    {
        double[] all = [.. values];
        return new MeasuredRange(all.Min(), all.Max());
    }
}
