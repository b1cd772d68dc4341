using Aspire.Hosting.RouteTracing.Python;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.Tests.Publishing;

/// <summary>A published model with plain lists, awkward lists, and lists that are joined to the user's own.</summary>
internal static class PublishedLists
{
    private static readonly string[] PlainPatterns = ["client/.*/info", "healthcheck"];

    private static readonly string[] AwkwardPatterns =
    [
        "^/health$", "^/${x}", "/a{1,3}/b", "{{", "{{ .Values.x }}", @"/v\d+", "say \"hi\"", "it's", "two words", "a: b", "#fragment",
        "a #b", "a,b",
        "/ünïcode/日本", "%2F", "/*?", "`id`", "$(id)", "$$", "{orders.value}", @"C:\\dir", "!important", "&anchor", "- item", "true",
        "^(?!/api).*$",
    ];

    public static Task PublishAsync(string step, string output, Action<IDistributedApplicationBuilder> addEnvironment) =>
        TestModel.PublishAsync(step, output, builder =>
        {
            addEnvironment(builder);
            builder.WithExcludedUrls(PlainPatterns);
            builder.AddContainer("plain", "image").WithOtlpExporter();
            builder.AddContainer("awkward", "image").WithExcludedUrls(AwkwardPatterns);
            builder.AddProject<TestProject>("project").WithExcludedUrls("^/alive$").WithEnvironment("OTEL_DOTNET_EXCLUDED_URLS", "users");
        });

    public static void AssertReadsBack(Func<string, string, string?> getVariable)
    {
        Assert.Equal("client/.*/info,healthcheck", getVariable("plain", "OTEL_DOTNET_EXCLUDED_URLS"));
        Assert.Equal("client/.*/info,healthcheck", getVariable("plain", "OTEL_PYTHON_EXCLUDED_URLS"));
        Assert.Equal(AwkwardPatterns, ExclusionListFormat.Parse(getVariable("awkward", "OTEL_DOTNET_EXCLUDED_URLS"), out _));
        Assert.Equal(
            ["users", .. PlainPatterns, "^/alive$"], ExclusionListFormat.Parse(getVariable("project", "OTEL_DOTNET_EXCLUDED_URLS"), out _));

        var supported = AwkwardPatterns.Select(pattern => PythonPattern.TryWrite(pattern, out var text, out _) ? text : null)
            .OfType<string>()
            .ToArray();
        var python = getVariable("awkward", "OTEL_PYTHON_EXCLUDED_URLS")!.Split(',');
        Assert.Equal(supported.Where(text => python.Contains(text)), python);
        Assert.Contains("^[^:/?#]+://[^/?#]*/health(?![^?])", python);
    }
}
