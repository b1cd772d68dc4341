using System.Text;

namespace AppHost.WithoutAspire.Traces;

/// <summary>The outlines of the traces that one round of <see cref="SampleTraffic"/> leaves, in any order.</summary>
internal sealed class ExpectedTraces(IReadOnlyList<string> outlines)
{
    /// <summary>As <c>ExpectedTraces.txt</c> has them: an empty line ends a trace, a line that starts with <c>#</c> is a comment.</summary>
    public static ExpectedTraces OfOneRound { get; } = Parse(ReadResource());

    public static ExpectedTraces Parse(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n').Where(line => !line.StartsWith('#'));
        return new(string.Join('\n', lines).Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    /// <summary>What is missing and what is there besides, or null where <paramref name="traces"/> are the ones expected.</summary>
    public string? DifferenceTo(IEnumerable<Trace> traces)
    {
        var missing = outlines.ToList();
        var unexpected = traces.Select(TraceOutline.Of).Where(outline => !missing.Remove(outline)).ToList();
        if (missing.Count == 0 && unexpected.Count == 0)
        {
            return null;
        }

        var difference = new StringBuilder("The traces are not the expected ones (-: did not come, +: was not expected).\n");
        Write('-', missing);
        Write('+', unexpected);
        return difference.ToString();

        void Write(char sign, List<string> outlines)
        {
            foreach (var outline in outlines)
            {
                difference.Append('\n');
                foreach (var line in outline.Split('\n'))
                {
                    difference.Append(sign).Append(' ').Append(line).Append('\n');
                }
            }
        }
    }

    private static string ReadResource()
    {
        using var resource = typeof(ExpectedTraces).Assembly.GetManifestResourceStream("ExpectedTraces.txt")!;
        using var reader = new StreamReader(resource);
        return reader.ReadToEnd();
    }
}
