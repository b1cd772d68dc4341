using System.Diagnostics;
using AppHost.Tests.Telemetry;
using Aspire.Hosting;
using Aspire.Hosting.Testing;

namespace AppHost.Browser.Tests;

/// <summary>
/// src/AppHost as a user sees it in Chromium, and a service with OpenTelemetry's packages for Node.js. With PICTURES set to a folder, the
/// pictures of the documentation are written there.
/// </summary>
public sealed class BrowserTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests/AppHost.Browser.Tests");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_exclusions_the_traces_page_is_full_of_health_checks()
    {
        await using var app = await StartAsync(["--noise"], _ => { });

        Assert.Contains("GET /readyz", await RunAsync(app, "traces", "traces-before"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_exclusions_the_traces_page_shows_the_requests_of_customers()
    {
        await using var app = await StartAsync([], _ => { });

        var page = await RunAsync(app, "traces", "traces-after");

        Assert.Contains("POST /checkout", page, StringComparison.Ordinal);
        Assert.Contains("GET /orders/{id:int}", page, StringComparison.Ordinal);
        Assert.DoesNotContain("readyz", page, StringComparison.Ordinal);
        Assert.DoesNotContain("badge", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_dialog_edits_the_list_and_shows_what_the_service_confirmed()
    {
        await using var app = await StartAsync([], _ => { });

        var lines = (await RunAsync(app, "edit", "")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Collection(
            lines,
            line => Assert.Equal(@"Excluded URLs In force: ^/favicon\.ico$, ^/cart/[^/]+/badge$, ^/readyz/?$.", line),
            line => Assert.StartsWith(
                @"The list of 'storefront' is ^/favicon\.ico$, ^/cart/[^/]+/badge$, ^/readyz/?$, ^/browser$. The service has confirmed it.",
                line,
                StringComparison.Ordinal),
            line => Assert.Equal(
                @"Excluded URLs Edited in this run. In force: ^/favicon\.ico$, ^/cart/[^/]+/badge$, ^/readyz/?$, ^/browser$.", line));
    }

    [Fact]
    public async Task Health_checks_leave_no_span_in_a_Node_service_and_its_pages_do()
    {
        await using var app = await StartAsync([], builder => builder
            .AddExecutable("node", "node", Folder, "node-service.mjs")
            .WithOtlpExporter()
            .WithHttpEndpoint(env: "PORT")
            .WithHttpHealthCheck("/")
            .WithHttpHealthCheck("/healthz"));
        using var dashboard = await Dashboard.ConnectAsync(app, Cancellation);
        using var client = app.CreateHttpClient("node");

        // The AppHost has checked / and /healthz, because the service is healthy.
        await app.ResourceNotifications.WaitForResourceHealthyAsync("node", Cancellation);
        using var page = await client.GetAsync("/", Cancellation);
        using var other = await client.GetAsync("/page", Cancellation);
        var spans = await Polling.UntilAsync(
            async () => (await dashboard.GetSpansAsync(Cancellation)).Where(span => span.Service == "node").ToArray(),
            spans => spans.Length >= 2,
            Cancellation);

        Assert.Equal(["GET", "GET"], spans.Select(span => span.Name));
    }

    private static async Task<DistributedApplication> StartAsync(string[] arguments, Action<IDistributedApplicationBuilder> configure)
    {
        var options = new DistributedApplicationTestingBuilderOptions { EnableDashboard = true };
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(options, arguments, Cancellation);

        // The testing builder has no dialogs.
        builder.Configuration["ASPIRE_INTERACTIVITY_ENABLED"] = "true";
        configure(builder);
        var app = await builder.BuildAsync(Cancellation);
        await app.StartAsync(Cancellation);
        await app.ResourceNotifications.WaitForResourceHealthyAsync("storefront", Cancellation);
        return app;
    }

    /// <summary>Runs a command of dashboard.mjs and returns what it prints.</summary>
    private static async Task<string> RunAsync(DistributedApplication app, string command, string picture)
    {
        var url = await app.GetDashboardUrlAsync(Cancellation);
        var start = new ProcessStartInfo(
            "node", ["dashboard.mjs", command, url.ToString(), Environment.GetEnvironmentVariable("PICTURES") ?? "-"])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PICTURE"] = picture;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Cancellation);
        var errors = await process.StandardError.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        Assert.True(process.ExitCode == 0, errors);
        return await output;
    }
}
