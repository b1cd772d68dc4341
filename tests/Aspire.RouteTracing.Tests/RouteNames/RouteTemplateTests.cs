using System.Globalization;
using Aspire.RouteTracing.RouteNames;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Aspire.RouteTracing.Tests.RouteNames;

public class RouteTemplateTests
{
    [Fact]
    public void A_default_is_written_alike_in_every_culture()
    {
        var pattern = RoutePatternFactory.Parse("{controller}/{ratio}", defaults: new { ratio = 1.5 }, parameterPolicies: null, requiredValues: new { controller = "Home" });
        var endpoint = new RouteEndpoint(_ => Task.CompletedTask, pattern, 0, EndpointMetadataCollection.Empty, null);
        var (culture, withComma) = (CultureInfo.CurrentCulture, (CultureInfo)CultureInfo.InvariantCulture.Clone());
        withComma.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo.CurrentCulture = withComma;
        try
        {
            Assert.Equal("/Home/{ratio=1.5}", RouteTemplate.Of(endpoint, RouteTemplateFormat.Template));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }
}
