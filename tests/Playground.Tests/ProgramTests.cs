using System.Globalization;
using System.Net;
using System.Net.Sockets;
using AppHost.WithoutAspire.Otlp;
using AppHost.WithoutAspire.Traces;

namespace Playground.Tests;

public class ProgramTests
{
    private const string LinuxOnly = "Signals are sent as on Linux, and /proc says which processes are there.";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Once_shows_the_traces_and_what_was_excluded_and_ends_with_0()
    {
        using var playground = PlaygroundProcess.Start("--once --port 0");
        var (exitCode, output, error) = await playground.WaitForExitAsync();

        Assert.Equal("", error);
        Assert.Contains("── storefront GET /orders/{id:int}", output, StringComparison.Ordinal);
        Assert.Contains("^/cart/[^/]+/badge$", output, StringComparison.Ordinal);
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task Once_ends_with_1_and_the_difference_where_other_traces_come()
    {
        using var playground = PlaygroundProcess.Start("--once --port 0", ("Aspire__RouteTracing__Enabled", "false"));
        var (exitCode, output, _) = await playground.WaitForExitAsync();

        Assert.Contains(
            """
            + storefront: GET /readyz
            +   storefront: GET
            +     orders: GET /readyz
            +       orders: SELECT 1
            """,
            output,
            StringComparison.Ordinal);
        Assert.Equal(1, exitCode);
    }

    [Fact]
    public async Task A_proxy_in_the_environment_is_not_asked_for_the_services()
    {
        using var playground = PlaygroundProcess.Start("--once --port 0", ("http_proxy", "http://127.0.0.1:9"), ("no_proxy", "example.com"));
        var (exitCode, _, error) = await playground.WaitForExitAsync();

        Assert.Equal("", error);
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task Where_an_endpoint_is_given_the_telemetry_goes_there()
    {
        await using var dashboard = await OtlpReceiver.StartAsync(Cancellation);
        using var playground = PlaygroundProcess.Start(
            "--once --port 0",
            ("OTEL_EXPORTER_OTLP_ENDPOINT", dashboard.Endpoint.ToString()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"));
        var (exitCode, output, _) = await playground.WaitForExitAsync();

        Assert.Null(ExpectedTraces.OfOneRound.DifferenceTo(Trace.From(dashboard.Telemetry.Spans)));
        Assert.Contains(dashboard.Endpoint.ToString(), output, StringComparison.Ordinal);
        Assert.Equal(0, exitCode);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_with_the_way_to_choose_another()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var taken = ((IPEndPoint)other.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

        using var playground = PlaygroundProcess.Start($"--port {taken}");
        var (exitCode, output, error) = await playground.WaitForExitAsync();

        Assert.Contains(taken, error, StringComparison.Ordinal);
        Assert.Contains("--port", error, StringComparison.Ordinal);
        Assert.Equal("", output);
        Assert.Equal(1, exitCode);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("65536")]
    [InlineData("-1")]
    public async Task What_is_no_port_is_refused_with_what_would_be_one(string port)
    {
        using var playground = PlaygroundProcess.Start($"--port {port}");
        var (exitCode, _, error) = await playground.WaitForExitAsync();

        Assert.Equal("--port takes a number from 0 to 65535.", error.Trim());
        Assert.Equal(1, exitCode);
    }

    [Fact]
    public async Task A_service_that_does_not_start_is_named_with_what_it_wrote_last()
    {
        using var playground = PlaygroundProcess.Start("--once --port 0", ("ASPNETCORE_CONTENTROOT", "/no/such/folder"));
        var (exitCode, _, error) = await playground.WaitForExitAsync();

        Assert.Matches("^(storefront|orders|catalog) .* ended with exit code", error);
        Assert.Contains("/no/such/folder", error, StringComparison.Ordinal);
        Assert.Equal(1, exitCode);
    }

    [Fact]
    public async Task A_service_that_ends_is_missed_and_ends_it()
    {
        using var playground = PlaygroundProcess.Start("--port 0");
        var services = await playground.WaitForServicesAsync();
        using (var storefront = System.Diagnostics.Process.GetProcessById(services[^1]))
        {
            storefront.Kill();
        }

        var (exitCode, _, error) = await playground.WaitForExitAsync();

        Assert.Matches("^(storefront .* ended with exit code|GET .* was not answered)", error);
        Assert.Equal(1, exitCode);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_signal_ends_it_and_every_service(string signal)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), LinuxOnly);
        using var playground = PlaygroundProcess.Start("--port 0");
        var services = await playground.WaitForServicesAsync();
        Assert.All(services, service => Assert.True(Runs(service)));

        await playground.SignalAsync(signal);
        var (exitCode, _, error) = await playground.WaitForExitAsync();

        Assert.Equal(3, services.Count);
        Assert.All(services, service => Assert.False(Runs(service)));
        Assert.Equal("", error);
        Assert.Equal(0, exitCode);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_kill_ends_every_service()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), LinuxOnly);
        using var playground = PlaygroundProcess.Start("--port 0");
        var services = await playground.WaitForServicesAsync();

        await playground.SignalAsync("KILL");

        while (services.Any(Runs))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Not counting one that has ended and that nobody asked for its exit code yet.</summary>
    private static bool Runs(int process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
