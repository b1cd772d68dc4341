using System.Diagnostics;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.Headers;

/// <summary>Starts an application with headers, and reads the captured ones.</summary>
internal static class HeaderApp
{
    public const string RequestVariable = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST";
    public const string ResponseVariable = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE";
    public const string SanitizeVariable = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS";

    public static Task<TracedApp> StartAsync(Dictionary<string, string?> configuration, Action<RouteTracingSettings>? configure = null) =>
        TracedApp.StartAsync(
        builder => builder.AddRouteTracing(configure),
        app => app.Map("/{**path}", (HttpResponse response) =>
        {
            response.Headers["X-Version"] = "1";
            response.Headers["X-Cache-Hits"] = "3";
            response.Headers["X-Twice"] = new(["a", "b"]);
            response.Headers["X-Many"] = new([.. Enumerable.Range(0, 80).Select(number => $"{number}")]);
            response.Headers["Set-Cookie"] = "session=secret";
        }),
        configuration);

    /// <summary>Sends one request with the headers and reads the attributes that were captured.</summary>
    public static async Task<IReadOnlyList<string>> CapturedAsync(TracedApp app, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        foreach (var group in headers.GroupBy(header => header.Name))
        {
            request.Headers.TryAddWithoutValidation(group.Key, group.Select(header => header.Value));
        }

        using var response = await app.Client.SendAsync(request, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        await app.StopAsync();
        return Captured(app);
    }

    /// <summary>Sends one request with the lines as they are, because HttpClient joins the values of a header into one line.</summary>
    public static async Task<IReadOnlyList<string>> CapturedLinesAsync(TracedApp app, params string[] lines)
    {
        await RawRequest.SendAsync(app.Port, ["GET / HTTP/1.1", $"Host: 127.0.0.1:{app.Port}", .. lines]);
        await app.StopAsync();
        return Captured(app);
    }

    public static List<string> Captured(TracedApp app) => Captured(Assert.Single(app.Spans));

    public static List<string> Captured(Activity span) =>
    [
        .. span.TagObjects
            .Where(tag => tag.Key.Contains(".header.", StringComparison.Ordinal))
            .Select(tag => $"{tag.Key}={string.Join('|', Assert.IsType<string[]>(tag.Value))}")
            .Order(StringComparer.Ordinal),
    ];
}
