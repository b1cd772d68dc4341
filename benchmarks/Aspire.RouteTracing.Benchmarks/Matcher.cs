using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Benchmarks;

/// <summary>What decides about a request, and a request to decide about, without a server around them.</summary>
internal static class Matcher
{
    public static IRouteTracing Create(params string[] patterns)
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.AddRouteTracing(settings =>
        {
            foreach (var pattern in patterns)
            {
                settings.ExcludedUrls.Add(pattern);
            }
        });
        return builder.Build().Services.GetRequiredService<IRouteTracing>();
    }

    public static HttpRequest Request(string path)
    {
        var request = new DefaultHttpContext().Request;
        request.Scheme = "https";
        request.Host = new HostString("shop.example.com");
        request.Path = path;
        request.QueryString = new QueryString("?page=2");
        return request;
    }
}
