using System.Text;
using AppHost.WithoutAspire.Otlp;

namespace AppHost.WithoutAspire.Traces;

/// <summary>A trace as text with nothing in it that differs from run to run: a line a span, <c>service: name</c>, two spaces in for each level.</summary>
internal static class TraceOutline
{
    public static string Of(Trace trace)
    {
        var outline = new StringBuilder();
        foreach (var root in trace.Roots)
        {
            Write(root, level: 0);
        }

        return outline.ToString().TrimEnd();

        void Write(ReceivedSpan span, int level)
        {
            outline.Append(' ', 2 * level).Append(span.Service).Append(": ").Append(span.Name).Append(span.Failed ? " (error)" : "").Append('\n');
            foreach (var child in trace.ChildrenOf(span))
            {
                Write(child, level + 1);
            }
        }
    }
}
