using System.Globalization;
using AppHost.WithoutAspire.Otlp;
using Spectre.Console;

namespace AppHost.WithoutAspire.Traces;

/// <summary>A trace as a tree for the terminal: service, name, how long it took and, of a failed span, what went wrong.</summary>
internal static class TraceTree
{
    public static Tree Of(Trace trace)
    {
        var tree = new Tree(Markup.FromInterpolated(CultureInfo.InvariantCulture, $"[grey]trace {trace.Id}[/]"));
        foreach (var root in trace.Roots)
        {
            Add(tree, root);
        }

        return tree;

        void Add(IHasTreeNodes parent, ReceivedSpan span)
        {
            var node = parent.AddNode(Line(span));
            foreach (var child in trace.ChildrenOf(span))
            {
                Add(node, child);
            }
        }
    }

    private static Markup Line(ReceivedSpan span) => Markup.FromInterpolated(
        CultureInfo.InvariantCulture,
        span.Failed
            ? $"[blue]{span.Service}[/] [red]{span.Name}[/] [grey]{span.Duration.TotalMilliseconds:0.0} ms[/] [red]{span.Attributes.GetValueOrDefault("error.type")}[/]"
            : (FormattableString)$"[blue]{span.Service}[/] {span.Name} [grey]{span.Duration.TotalMilliseconds:0.0} ms[/]");
}
