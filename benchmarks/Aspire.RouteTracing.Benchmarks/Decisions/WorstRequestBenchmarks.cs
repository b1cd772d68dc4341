using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Aspire.RouteTracing.ExcludedUrls;
using BenchmarkDotNet.Attributes;

namespace Aspire.RouteTracing.Benchmarks.Decisions;

/// <summary>
/// Decides about the path that a client who knows the list would craft: it has the texts of as many items as fit into it and matches none.
/// </summary>
[MemoryDiagnoser]
public class WorstRequestBenchmarks
{
    private ExclusionMatcher _matcher = ExclusionMatcher.Empty;
    private Regex[] _expressions = [];
    private string _path = "";

    /// <summary>The kinds of list.</summary>
    public enum Lists
    {
        /// <summary>Literal text with <c>.*</c> in it.</summary>
        Texts,

        /// <summary>Expressions with classes and loops.</summary>
        Expressions,

        /// <summary>Expressions with a loop over a group, which need an automaton.</summary>
        Automata,

        /// <summary>Plain text, anchored so that it doesn't match where the path has it.</summary>
        Literals,

        /// <summary>Expressions that start with classes, which the path matches at many positions.</summary>
        Classes,

        /// <summary>Expressions that start with alternatives, which the path has at many positions.</summary>
        Alternatives,
    }

    [Params(100, 500)]
    public int Items { get; set; }

    [ParamsAllValues]
    public Lists List { get; set; }

    [Params(250, 8_000)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Start()
    {
        var items = Enumerable.Range(0, Items).Select(number => List switch
        {
            Lists.Texts => $"/{Service(number)}/.*/end{number}",
            Lists.Expressions => $"/{Service(number)}/[0-9]+/.*/status$",
            Lists.Automata => $"^/{Service(number)}/([a-z]+/)+status-{number}$",
            Lists.Classes => $"/[a-f]+-[0-9]+/item{number}",
            Lists.Alternatives => $"/(a|b|c|d|e|f)/item{number}",
            _ => number % 2 == 0 ? $"^/{Service(number)}" : $"/{Service(number)}$",
        }).ToArray();
        _matcher = ExclusionMatcher.Build(items, matchFullUrl: false, out _);
        _expressions = Array.ConvertAll(items, item => new Regex(item, RegexOptions.Compiled | RegexOptions.CultureInvariant));
        var (texts, filler) = List switch
        {
            Lists.Classes => ("/item{0}", "/abcdef-012345/ite"),
            Lists.Alternatives => ("/item{0}", "/a/b/c/d/e/f"),
            _ => ("/service{0}/7/x", "x"),
        };

        // The x separates the text from the end of a filler that is cut.
        var bait = new StringBuilder("x");
        for (var number = 0; number < Items && bait.Length < Length - 50; number++)
        {
            bait.AppendFormat(CultureInfo.InvariantCulture, texts, number);
        }

        bait.Append("/status/x");
        var fillers = string.Concat(Enumerable.Repeat(filler, Length));
        _path = $"/{fillers[..(Length - bait.Length - 1)]}{bait}";
        if (_matcher.FindInPath([], _path) >= 0 || NaiveLoop() >= 0)
        {
            throw new InvalidOperationException("The path is excluded.");
        }
    }

    [Benchmark]
    public int RouteTracing() => _matcher.FindInPath([], _path);

    [Benchmark(Baseline = true)]
    public int NaiveLoop() => Array.FindIndex(_expressions, expression => expression.IsMatch(_path));

    private static string Service(int number) => $"service{number}";
}
