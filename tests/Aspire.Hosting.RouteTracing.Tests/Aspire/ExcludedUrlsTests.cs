using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using static Aspire.Hosting.RouteTracing.Tests.Aspire.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Tests.Aspire;

/// <summary>What the resources of a real application model are given.</summary>
public class ExcludedUrlsTests
{
    private const string DotNet = "OTEL_DOTNET_EXCLUDED_URLS";
    private const string Python = "OTEL_PYTHON_EXCLUDED_URLS";
    private const string Sampler = "OTEL_TRACES_SAMPLER";
    private const string Key = "Aspire__RouteTracing__ExclusionKey";

    [Fact]
    public async Task A_project_gets_its_list_in_the_variable_of_dotnet()
    {
        var builder = CreateBuilder(Run);
        var api = builder.AddService("api").WithExcludedUrls("client/.*/info", "healthcheck");

        var variables = await builder.VariablesOfAsync(api.Resource);

        Assert.Equal("client/.*/info,healthcheck", variables[DotNet]);
        Assert.DoesNotContain(Python, variables.Keys);
    }

    [Fact]
    public async Task An_executable_of_which_nothing_is_known_gets_both_variables()
    {
        var builder = CreateBuilder(Run);
        var tool = builder.AddTool("tool").WithExcludedUrls("^/health$");

        var variables = await builder.VariablesOfAsync(tool.Resource);

        Assert.Equal("^/health$", variables[DotNet]);
        Assert.Equal(@"^[^:/?#]+://[^/?#]*/health(?=\?|\Z)", variables[Python]);
    }

    [Fact]
    public async Task A_container_gets_both_variables()
    {
        var builder = CreateBuilder(Run);
        var container = builder.AddContainer("container", "image").WithExcludedUrls("healthcheck");

        var variables = await builder.VariablesOfAsync(container.Resource);

        Assert.Equal("healthcheck", variables[DotNet]);
        Assert.Equal("healthcheck", variables[Python]);
    }

    [Fact]
    public async Task A_Python_application_gets_the_variable_of_Python_alone()
    {
        var builder = CreateBuilder(Run);
        var reviews = builder.AddPythonApp("reviews", ".", "app.py").WithExcludedUrls("healthcheck");

        var variables = await builder.VariablesOfAsync(reviews.Resource);

        Assert.Equal("healthcheck", variables[Python]);
        Assert.DoesNotContain(DotNet, variables.Keys);
        Assert.DoesNotContain(Key, variables.Keys);
    }

    [Fact]
    public async Task The_variable_of_one_Python_instrumentation_is_joined_instead_of_being_hidden()
    {
        var builder = CreateBuilder(Run);
        var reviews = builder.AddPythonApp("reviews", ".", "app.py")
            .WithExcludedUrls("healthcheck")
            .WithEnvironment("OTEL_PYTHON_FLASK_EXCLUDED_URLS", "metrics");

        var variables = await builder.VariablesOfAsync(reviews.Resource);

        Assert.Equal("metrics,healthcheck", variables["OTEL_PYTHON_FLASK_EXCLUDED_URLS"]);
        Assert.DoesNotContain(Python, variables.Keys);
    }

    [Theory]
    [InlineData("node")]
    [InlineData("java")]
    [InlineData("go")]
    public async Task A_resource_that_reads_no_list_gets_a_warning_and_the_sampler(string command)
    {
        var builder = CreateBuilder(Run);
        var logs = builder.AddRememberedLogs();
        var web = builder.AddTool("web", command).WithExcludedUrls("healthcheck");

        var variables = await builder.VariablesOfAsync(web.Resource);

        Assert.DoesNotContain(DotNet, variables.Keys);
        Assert.Equal("parentbased_always_on", variables[Sampler]);
        Assert.Contains("The resource 'web' reads no list of excluded URLs", Assert.Single(logs.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pattern_that_Python_cannot_say_is_left_out_there_with_a_warning_that_names_it()
    {
        var builder = CreateBuilder(Run);
        var logs = builder.AddRememberedLogs();
        var reviews = builder.AddPythonApp("reviews", ".", "app.py").WithExcludedUrls("healthcheck", @"\p{L}+");

        var variables = await builder.VariablesOfAsync(reviews.Resource);

        Assert.Equal("healthcheck", variables[Python]);
        Assert.Contains(@"'reviews' does not exclude '\p{L}+' in Python", Assert.Single(logs.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_list_for_every_resource_reaches_those_with_telemetry_added_before_and_after()
    {
        var builder = CreateBuilder(Run);
        var before = builder.AddService("before");
        builder.WithExcludedUrls("healthcheck");
        var after = builder.AddTool("after");
        var silent = builder.AddExecutable("silent", "tool", ".");
        await using var app = await builder.BuildAndPrepareAsync();

        Assert.Equal("healthcheck", (await app.VariablesOfAsync(before.Resource))[DotNet]);
        Assert.Equal("healthcheck", (await app.VariablesOfAsync(after.Resource))[DotNet]);
        Assert.Empty(await app.VariablesOfAsync(silent.Resource));
    }

    [Fact]
    public async Task A_resource_can_ignore_the_list_for_every_resource_and_keep_its_own()
    {
        var builder = CreateBuilder(Run);
        builder.WithExcludedUrls("healthcheck");
        var own = builder.AddService("own").WithoutExcludedUrls().WithExcludedUrls("own");
        var none = builder.AddService("none").WithoutExcludedUrls();
        await using var app = await builder.BuildAndPrepareAsync();

        Assert.Equal("own", (await app.VariablesOfAsync(own.Resource))[DotNet]);
        Assert.DoesNotContain(DotNet, (await app.VariablesOfAsync(none.Resource)).Keys);
    }

    [Fact]
    public async Task Calls_add_up_and_each_pattern_counts_once()
    {
        var builder = CreateBuilder(Run);
        builder.WithExcludedUrls("all").WithExcludedUrls("all", "shared");
        var api = builder.AddService("api").WithExcludedUrls("one").WithExcludedUrls("two", "one").WithExcludedUrls("shared");

        var variables = await builder.VariablesOfAsync(api.Resource);

        Assert.Equal("all,shared,one,two", variables[DotNet]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_value_that_the_application_gives_the_variable_is_kept_whatever_the_order(bool valueFirst)
    {
        var builder = CreateBuilder(Run);
        var api = builder.AddService("api");
        _ = valueFirst
            ? api.WithEnvironment(DotNet, "theirs,{3}").WithExcludedUrls("ours")
            : api.WithExcludedUrls("ours").WithEnvironment(DotNet, "theirs,{3}");

        var variables = await builder.VariablesOfAsync(api.Resource);

        Assert.Equal("theirs,{3},ours", variables[DotNet]);
    }

    [Fact]
    public async Task A_parameter_that_the_application_gives_the_variable_is_kept()
    {
        var builder = CreateBuilder([.. Run, "Parameters:urls=from-parameter"]);
        var api = builder.AddService("api").WithExcludedUrls("ours").WithEnvironment(DotNet, builder.AddParameter("urls"));

        var variables = await builder.VariablesOfAsync(api.Resource);

        Assert.Equal("from-parameter,ours", variables[DotNet]);
    }

    [Fact]
    public async Task Every_other_variable_stays_and_a_second_evaluation_says_the_same()
    {
        var builder = CreateBuilder(Run);
        var api = builder.AddService("api").WithEnvironment("BEFORE", "1").WithExcludedUrls("ours").WithEnvironment("AFTER", "2");
        await using var app = await builder.BuildAndPrepareAsync();

        var first = await app.VariablesOfAsync(api.Resource);
        var second = await app.VariablesOfAsync(api.Resource);

        Assert.Equal("1", first["BEFORE"]);
        Assert.Equal("2", first["AFTER"]);
        Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT", first.Keys);
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task Evaluated_before_the_start_the_variables_are_there_and_stay()
    {
        var builder = CreateBuilder(Run);
        var api = builder.AddService("api").WithExcludedUrls("ours").WithEnvironment("AFTER", "2");
        await using var app = builder.Build();

        var early = await app.VariablesOfAsync(api.Resource);
        await builder.Eventing.PublishAsync(new BeforeStartEvent(app.Services, app.Services.GetRequiredService<DistributedApplicationModel>()), TestContext.Current.CancellationToken);
        var late = await app.VariablesOfAsync(api.Resource);

        Assert.Equal("ours", early[DotNet]);
        Assert.Equal(early, late);
    }

    [Theory]
    [InlineData(true, null, "parentbased_always_on")]
    [InlineData(true, "always_on", "always_on")]
    [InlineData(true, "traceidratio", "traceidratio")]
    [InlineData(false, null, null)]
    public async Task The_sampler_asks_the_parent_where_the_application_set_none(bool development, string? set, string? expected)
    {
        var builder = CreateBuilder(Run, development);
        var api = builder.AddService("api").WithExcludedUrls("ours");
        if (set is not null)
        {
            api.WithEnvironment(Sampler, set);
        }

        var variables = await builder.VariablesOfAsync(api.Resource);

        Assert.Equal(expected, variables.GetValueOrDefault(Sampler));
    }

    [Fact]
    public async Task A_resource_without_exclusions_keeps_its_sampler()
    {
        var builder = CreateBuilder(Run);
        builder.AddService("api").WithExcludedUrls("ours");
        var other = builder.AddService("other");

        Assert.Equal("always_on", (await builder.VariablesOfAsync(other.Resource))[Sampler]);
    }

    [Fact]
    public async Task All_services_of_one_run_share_a_key_that_no_other_run_has()
    {
        var keys = new List<string>();
        for (var run = 0; run < 2; run++)
        {
            var builder = CreateBuilder(Run);
            var api = builder.AddService("api").WithExcludedUrls("ours");
            var behind = builder.AddService("behind");
            await using var app = await builder.BuildAndPrepareAsync();
            var key = (await app.VariablesOfAsync(api.Resource))[Key];
            Assert.Equal(key, (await app.VariablesOfAsync(behind.Resource))[Key]);
            keys.Add(key);
        }

        Assert.NotEqual(keys[0], keys[1]);
        Assert.All(keys, key => Assert.Matches("^[0-9a-f]{64}$", key));
    }

    [Fact]
    public async Task An_application_that_excludes_nothing_is_left_as_it_is()
    {
        var builder = CreateBuilder(Run);
        var api = builder.AddService("api");

        var variables = await builder.VariablesOfAsync(api.Resource);

        Assert.DoesNotContain(Key, variables.Keys);
        Assert.Equal("always_on", variables[Sampler]);
    }

    [Fact]
    public async Task The_paths_of_health_checks_and_probes_are_excluded_wherever_they_are_declared()
    {
        var builder = CreateBuilder(Run);
        var api = builder.AddService("api").WithHttpEndpoint(name: "http").WithExcludedHealthChecks().WithHttpHealthCheck("/health_1/ready.z?full=1");
#pragma warning disable ASPIREPROBES001
        api.WithHttpProbe(ProbeType.Liveness, "/alive");
#pragma warning restore ASPIREPROBES001

        var variables = await builder.VariablesOfAsync(api.Resource);

        Assert.Equal(@"^/health_1/ready\.z/?$,^/alive/?$", variables[DotNet]);
    }

    [Fact]
    public async Task The_health_checks_of_every_resource_are_excluded_each_for_its_own()
    {
        var builder = CreateBuilder(Run);
        builder.WithExcludedHealthChecks();
        var orders = builder.AddService("orders").WithHttpEndpoint().WithHttpHealthCheck("/ready");
        var catalog = builder.AddService("catalog").WithHttpEndpoint().WithHttpHealthCheck("/healthz");
        await using var app = await builder.BuildAndPrepareAsync();

        Assert.Equal("^/ready/?$", (await app.VariablesOfAsync(orders.Resource))[DotNet]);
        Assert.Equal("^/healthz/?$", (await app.VariablesOfAsync(catalog.Resource))[DotNet]);
    }

    [Fact]
    public async Task A_health_check_of_the_root_is_not_excluded_but_mentioned()
    {
        var builder = CreateBuilder(Run);
        var logs = builder.AddRememberedLogs();
        var api = builder.AddService("api").WithHttpEndpoint().WithHttpHealthCheck().WithExcludedHealthChecks();

        var variables = await builder.VariablesOfAsync(api.Resource);

        Assert.DoesNotContain(DotNet, variables.Keys);
        Assert.Contains("The health check of the resource 'api' asks '/'", Assert.Single(logs.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(", "'('")]
    [InlineData("*.js", "'*.js'")]
    [InlineData(" ", "empty")]
    public void A_bad_pattern_is_refused_at_once_with_the_reason(string pattern, string message)
    {
        var builder = CreateBuilder(Run);
        var api = builder.AddService("api");

        Assert.Contains(message, Assert.Throws<ArgumentException>("patterns", () => { api.WithExcludedUrls("good", pattern); }).Message, StringComparison.Ordinal);
        Assert.Contains(message, Assert.Throws<ArgumentException>("patterns", () => { builder.WithExcludedUrls("good", pattern); }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_of_more_than_32_KB_is_refused()
    {
        var builder = CreateBuilder(Run);
        var patterns = Enumerable.Range(0, 1000).Select(number => $"^/a/rather/long/path/{number:D12}$").ToArray();

        Assert.Throws<ArgumentException>("patterns", () => { builder.WithExcludedUrls(patterns); });
        builder.WithExcludedUrls(patterns[..500]);
    }

    [Fact]
    public void Null_is_refused()
    {
        var builder = CreateBuilder(Run);

        Assert.Throws<ArgumentNullException>("builder", () => { ((IDistributedApplicationBuilder)null!).WithExcludedUrls("a"); });
        Assert.Throws<ArgumentNullException>("builder", () => { ((IResourceBuilder<ProjectResource>)null!).WithExcludedUrls("a"); });
        Assert.Throws<ArgumentNullException>("patterns", () => { builder.WithExcludedUrls(null!); });
    }
}
