using System.Diagnostics;
using Aspire.RouteTracing.Tests.RouteNames.Apps;

namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>The names of requests to the applications of cases.json.</summary>
public sealed class RouteNameTests
{
    public static TheoryData<string> Shapes => [.. RouteNameCase.All.Keys];

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task A_request_is_named_after_the_route_that_the_client_requested(string shape) =>
        Assert.Equal(Expected(shape), Lines(shape, await RouteNameRun.GetAsync(shape)));

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task The_name_is_the_same_whether_or_not_ASP_NET_Core_sets_the_tags(string shape) =>
        Assert.Equal(Expected(shape), Lines(shape, await RouteNameRun.RunAsync(shape, _ => { }, nativeTags: !RouteNameRun.HasNativeTags)));

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Hooks_and_captured_headers_do_not_change_names(string shape) =>
        Assert.Equal(Expected(shape), Lines(shape, await RouteNameRun.RunAsync(shape, settings =>
        {
            settings.RequestHook = (_, _) => { };
            settings.ResponseHook = (_, _) => { };
            settings.ResponsePropagators = ResponsePropagators.TraceResponse | ResponsePropagators.ServerTiming;
            settings.CapturedRequestHeaders.Add(".*");
            settings.CapturedResponseHeaders.Add(".*");
        })));

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task The_simple_format_contains_only_parameter_names(string shape)
    {
        var outcomes = await RouteNameRun.GetAsync(shape, RouteTemplateFormat.Simple);

        Assert.Equal(
            RouteNameCase.All[shape].Select(routeNameCase => $"{routeNameCase.Request}: {routeNameCase.Simple ?? routeNameCase.Route}"),
            RouteNameCase.All[shape].Zip(outcomes, (routeNameCase, outcome) => $"{routeNameCase.Request}: {outcome.Route}"));
    }

    [Fact]
    public void Every_shape_of_application_has_cases() => Assert.Equal(AppShapes.All.Keys, RouteNameCase.All.Keys);

    private static IEnumerable<string> Expected(string shape) =>
        Lines(shape, RouteNameCase.All[shape].Select(expected => new RouteNameOutcome(
        expected.Status,
        expected.Name,
        expected.Route,
        expected.MetricRoute ?? expected.Route,
        expected.ErrorType,
        expected.MetricErrorType switch { null => expected.ErrorType, "" => null, var errorType => errorType },
        expected.Exception,
        expected.ErrorType is null ? ActivityStatusCode.Unset : ActivityStatusCode.Error)));

    // One line per case, so that a failed test shows the differences.
    private static IEnumerable<string> Lines(string shape, IEnumerable<RouteNameOutcome> outcomes) =>
        RouteNameCase.All[shape].Zip(outcomes, (routeNameCase, outcome) => $"{routeNameCase.Request}: {outcome}");
}
