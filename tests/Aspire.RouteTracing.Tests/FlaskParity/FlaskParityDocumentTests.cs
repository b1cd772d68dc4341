using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.Tests.FlaskParity;

/// <summary>docs/flask-parity.md lists every setting and variable, and upstream-tests.md every test of Flask's instrumentation.</summary>
public sealed partial class FlaskParityDocumentTests
{
    private static readonly HashSet<string> Tests =
    [
        .. typeof(FlaskParityDocumentTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttributes<FactAttribute>().Any())
            .Select(method => $"{method.DeclaringType!.Name}.{method.Name}"),
    ];

    private static List<string[]> Features => Rows("flask-parity.md", "## Features");

    private static List<string[]> UpstreamTests => Rows("upstream-tests.md", "# Upstream tests");

    [Fact]
    public void Every_listed_test_exists() =>
        Assert.Empty(
            Features.Concat(UpstreamTests).SelectMany(cells => Code(cells[^1])).Where(test => TestName().IsMatch(test)).Except(Tests));

    [Fact]
    public void Every_feature_has_a_comparison_and_a_test_or_a_reason_for_its_omission()
    {
        var rows = Features.Where(cells => !cells[0].StartsWith("**", StringComparison.Ordinal)).ToList();

        Assert.All(rows, cells => Assert.Contains(cells[2], new[] { "same", "better", "different", "omitted" }));
        Assert.All(rows, cells => Assert.Equal(cells[2] == "omitted", cells[1].StartsWith("Omitted: ", StringComparison.Ordinal)));
        Assert.All(
            rows.Where(cells => cells[2] != "omitted" && !cells[1].StartsWith("OpenTelemetry's", StringComparison.Ordinal)),
            cells => Assert.Contains(Code(cells[3]), Tests.Contains));
    }

    [Fact]
    public void Every_public_member_of_route_tracing_is_listed()
    {
        var features = string.Join('\n', Features.Select(cells => cells[1]));

        var members = typeof(RouteTracingSettings).GetProperties().Select(property => property.Name)
            .Concat(
                typeof(IRouteTracing).GetMembers()
                    .Where(member => member is not MethodInfo { IsSpecialName: true })
                    .Select(member => $"IRouteTracing.{member.Name}"))
            .Concat(typeof(IRouteTracingHook).GetMethods().Select(method => $"IRouteTracingHook.{method.Name}"))
            .Concat(
                Enum.GetNames<ResponsePropagators>()
                    .Where(name => name != nameof(ResponsePropagators.None))
                    .Select(name => $"ResponsePropagators.{name}"));
        Assert.All(members, member => Assert.Matches($@"`[^`]*\b{Regex.Escape(member)}\b[^`]*`", features));
    }

    [Theory]
    [InlineData("OTEL_PYTHON_FLASK_EXCLUDED_URLS")]
    [InlineData("OTEL_PYTHON_EXCLUDED_URLS")]
    [InlineData("OTEL_SEMCONV_STABILITY_OPT_IN")]
    [InlineData("OTEL_PYTHON_INSTRUMENTATION_HTTP_CAPTURE_ALL_METHODS")]
    [InlineData("OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST")]
    [InlineData("OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE")]
    [InlineData("OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS")]
    [InlineData("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS")]
    public void Every_variable_of_the_Flask_instrumentation_is_listed(string variable) =>
        Assert.Contains(Features, cells => Code(cells[0]).Contains(variable));

    [Theory]
    [InlineData("flask")]
    [InlineData("wsgi")]
    public void Every_upstream_test_is_listed(string package)
    {
        var documented = UpstreamTests.Where(cells => cells[0] == package).SelectMany(cells => Code(cells[1]));
        var upstream = JsonNode.Parse(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Data", "flask-upstream-tests.json")))![package]!
            .AsArray()
            .GetValues<string>();

        Assert.Equal(upstream.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
        Assert.All(
            UpstreamTests,
            cells => Assert.True(cells[2].StartsWith("Omitted: ", StringComparison.Ordinal) || Code(cells[2]).Any(Tests.Contains)));
    }

    private static List<string[]> Rows(string document, string heading)
    {
        var rows = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Docs", document))
            .SkipWhile(line => line != heading)
            .Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith('|'))
            .Skip(2)
            .Select(line => line[1..^1].Split('|', StringSplitOptions.TrimEntries))
            .ToList();
        Assert.NotEmpty(rows);
        return rows;
    }

    private static IEnumerable<string> Code(string cell) => InCode().Matches(cell).Select(match => match.Groups[1].Value);

    [GeneratedRegex("`([^`]*)`")]
    private static partial Regex InCode();

    [GeneratedRegex(@"^\w+Tests\.\w+$")]
    private static partial Regex TestName();
}
