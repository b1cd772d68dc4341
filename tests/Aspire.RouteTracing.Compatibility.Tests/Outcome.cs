using System.Diagnostics;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>What a request was answered with, and the spans that were exported, in the order of their start.</summary>
internal sealed record Outcome(int Status, IReadOnlyList<Activity> Spans)
{
    public IReadOnlyList<string> Names => [.. Spans.Select(span => span.DisplayName)];

    /// <summary>Gets the spans without the names of requests, which route tracing may change.</summary>
    public IReadOnlyList<string> Shape =>
        [.. Spans.Select(span => $"{span.Kind} {NameOfWork(span)} of {span.Source.Name} in {ParentOf(span)}")];

    public bool IsOrphan(Activity span) => span.ParentSpanId != default && ParentOf(span) < 0;

    private static string NameOfWork(Activity span) => span.Kind == ActivityKind.Server ? "" : span.DisplayName;

    private int ParentOf(Activity span)
    {
        var parent = Spans.FirstOrDefault(other => other.SpanId == span.ParentSpanId);
        return parent is null ? -1 : Spans.ToList().IndexOf(parent);
    }
}
