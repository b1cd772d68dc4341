using System.Text.RegularExpressions;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.Tests.Documents;

public sealed partial class DocumentedCodeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/exclusion-lists.md")]
    [InlineData("src/Aspire.RouteTracing/README.md")]
    public async Task The_code_of_a_document_is_compiled_here(string document)
    {
        var compiled = WithoutIndents(await ReadAsync("tests/Aspire.RouteTracing.Tests/Documents/DocumentedCode.cs"));

        // The tests of the hosting package compile the code for AppHosts.
        var blocks = Code().Matches(await ReadAsync(document))
            .Select(block => block.Groups["text"].Value)
            .Where(block => !block.Contains("WithExcluded", StringComparison.Ordinal))
            .ToArray();

        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Contains(WithoutIndents(block), compiled, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_documented_code_does_what_the_documents_say()
    {
        await using var app = await TracedApp.StartAsync(
            builder =>
            {
                builder.Services.AddHealthChecks();
                DocumentedCode.AddRouteTracing(builder);
                DocumentedCode.PlainService(builder);
                DocumentedCode.AddHooks(builder);
                DocumentedCode.AddHookClass(builder);
            },
            app =>
            {
                DocumentedCode.Suspend(app);
                DocumentedCode.MapEndpoints(app);
                app.MapGet("/healthz", () => "healthy");
            },
            new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9" });

        using var ready = await app.GetAsync("/readyz");
        using var health = await app.GetAsync("/healthz");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/excluded?url=/healthz") { Headers = { { "x-tenant", "t1" } } };
        using var response = await app.Client.SendAsync(request, Cancellation);
        await app.StopAsync();

        var span = Assert.Single(app.Spans);
        Assert.Equal("GET /excluded", span.DisplayName);
        Assert.Equal("t1", span.GetTagItem("tenant"));
        Assert.Equal("127.0.0.1 in Production", span.GetTagItem("tenant.name"));
        Assert.Equal(span.TraceId.ToHexString(), Assert.Single(response.Headers.GetValues("x-trace-id")));
        Assert.Equal("^/healthz$", await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(2, app.CountsOf("aspire.route_tracing.excluded_requests").Values.Sum());
    }

    private static async Task<string> ReadAsync(string path) =>
        (await File.ReadAllTextAsync(Path.Combine(Repository.Root, path), Cancellation)).ReplaceLineEndings("\n");

    private static string WithoutIndents(string code) => Indent().Replace(code, "");

    [GeneratedRegex("^```csharp\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex("^ +", RegexOptions.Multiline)]
    private static partial Regex Indent();
}
