using System.Globalization;
using Aspire.RouteTracing.RouteNames;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;

namespace Aspire.RouteTracing.Tests.RouteNames;

/// <summary>Names of endpoints with unusual patterns and metadata.</summary>
public sealed class RouteNamingTests
{
    [Fact]
    public void A_default_value_is_written_in_the_invariant_culture()
    {
        var pattern = RoutePatternFactory.Parse(
            "{controller}/{ratio}", defaults: new { ratio = 1.5 }, parameterPolicies: null, requiredValues: new { controller = "Home" });
        var (culture, withComma) = (CultureInfo.CurrentCulture, (CultureInfo)CultureInfo.InvariantCulture.Clone());
        withComma.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo.CurrentCulture = withComma;
        try
        {
            Assert.Equal("/Home/{ratio=1.5}", Name(pattern, EndpointMetadataCollection.Empty));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void A_pattern_without_metadata_names_the_endpoint() =>
        Assert.Equal("/orders/{id}", Name(RoutePatternFactory.Parse("orders/{id}"), EndpointMetadataCollection.Empty));

    [Fact]
    public void An_empty_pattern_without_metadata_has_no_name() =>
        Assert.Null(Name(RoutePatternFactory.Parse(""), EndpointMetadataCollection.Empty));

    [Fact]
    public void A_name_that_the_application_gives_is_kept() =>
        Assert.Equal("/given", Name(RoutePatternFactory.Parse("orders/{id}"), new EndpointMetadataCollection(new GivenName("given"))));

    [Fact]
    public void An_endpoint_that_cannot_be_named_stays_as_it_is_and_is_logged_once()
    {
        var logs = new List<LogRecord>();
        using var services = new ServiceCollection()
            .AddLogging(logging => logging.AddOpenTelemetry(options => options.AddInMemoryExporter(logs)))
            .BuildServiceProvider();
        var naming = CreateNaming(services);
        var pattern = RoutePatternFactory.Pattern(
            RoutePatternFactory.Segment(RoutePatternFactory.ParameterPart("id", new Unprintable())));

        for (var i = 0; i < 2; i++)
        {
            var endpoint = new RouteEndpoint(_ => Task.CompletedTask, pattern, 0, EndpointMetadataCollection.Empty, "orders");
            Assert.Same(endpoint, naming.Name(endpoint, RouteTemplateFormat.Template));
        }

        var log = Assert.Single(logs);
        Assert.Equal(LogLevel.Error, log.LogLevel);
        Assert.Equal("It has no text.", log.Exception!.Message);
    }

    [Fact]
    public async Task Requests_that_bring_the_last_path_base_at_once_have_the_same_name()
    {
        var endpoint = CreateEndpoint(RoutePatternFactory.Parse("orders"), EndpointMetadataCollection.Empty);

        await Race.RunAsync(
            () =>
            {
                var naming = CreateNaming();
                for (var pathBase = 1; pathBase < 10; pathBase++)
                {
                    naming.Name(endpoint, RouteTemplateFormat.Template, $"/{pathBase}");
                }

                return naming;
            },
            naming => RouteOf(naming.Name(endpoint, RouteTemplateFormat.Template, "/10")),
            name => Assert.Equal("/10/orders", name));
    }

    private static string? Name(RoutePattern pattern, EndpointMetadataCollection metadata) =>
        RouteOf(CreateNaming().Name(CreateEndpoint(pattern, metadata), RouteTemplateFormat.Template));

    private static RouteNaming CreateNaming() => CreateNaming(new ServiceCollection().BuildServiceProvider());

    private static RouteNaming CreateNaming(IServiceProvider services) =>
        new(new ConfiguredPathBases(), endpointExclusion: null!, new SafeLogger<RouteNaming>(services));

    private static RouteEndpoint CreateEndpoint(RoutePattern pattern, EndpointMetadataCollection metadata) =>
        new(_ => Task.CompletedTask, pattern, 0, metadata, null);

    private static string? RouteOf(Endpoint endpoint) => endpoint.Metadata.GetMetadata<IRouteDiagnosticsMetadata>()?.Route;

    private sealed record GivenName(string Route) : IRouteDiagnosticsMetadata;

    private sealed class Unprintable
    {
        public override string ToString() => throw new InvalidOperationException("It has no text.");
    }
}
