using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.RouteTracing.Tests.ExcludedUrls;

public sealed class ExcludedUrlsTests
{
    private const string DotNet = "OTEL_DOTNET_EXCLUDED_URLS";
    private const string Python = "OTEL_PYTHON_EXCLUDED_URLS";
    private const string Key = "Aspire__RouteTracing__ExclusionKey";

    public static TheoryData<DistributedApplicationOperation> Operations => [DistributedApplicationOperation.Run, DistributedApplicationOperation.Publish];

    [Theory, MemberData(nameof(Operations))]
    public async Task A_project_gets_its_own_list_after_the_app_wide_one(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation);
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("client/.*/info", "healthcheck").WithExcludedUrls("x,y");
        var catalog = builder.AddProject<TestProject>("catalog");
        builder.WithExcludedUrls("^/alive$").WithExcludedUrls("healthcheck");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal(@"^/alive$,healthcheck,client/.*/info,x\,y", await TestModel.GetVariableAsync(orders, DotNet));
        Assert.Equal("^/alive$,healthcheck", await TestModel.GetVariableAsync(catalog, DotNet));
        Assert.Null(await TestModel.GetVariableAsync(orders, Python));
        Assert.Empty(model.Warnings);
    }

    [Theory, MemberData(nameof(Operations))]
    public async Task The_order_of_calls_does_not_matter(DistributedApplicationOperation operation)
    {
        Action<IDistributedApplicationBuilder, IResourceBuilder<ProjectResource>>[] calls =
        [
            (builder, _) => builder.WithExcludedUrls("everywhere"),
            (_, orders) => orders.WithExcludedUrls("here"),
            (_, orders) => orders.WithEnvironment(DotNet, "users"),
            (_, orders) => orders.WithEnvironment("OTHER", "1"),
        ];

        foreach (var order in Permutations(calls))
        {
            var builder = TestModel.CreateBuilder(operation);
            var orders = builder.AddProject<TestProject>("orders");
            foreach (var call in order)
            {
                call(builder, orders);
            }

            await using var model = await TestModel.StartAsync(builder);

            Assert.Equal("users,everywhere,here", await TestModel.GetVariableAsync(orders, DotNet));
        }
    }

    [Fact]
    public async Task What_is_said_on_a_resource_is_there_before_anything_starts()
    {
        var orders = TestModel.CreateBuilder().AddProject<TestProject>("orders").WithExcludedUrls("here");

        Assert.Equal("here", await TestModel.GetVariableAsync(orders, DotNet));
    }

    [Theory, MemberData(nameof(Operations))]
    public async Task Variables_survive_when_the_environment_was_looked_at_before_the_start(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation);
        var orders = builder.AddProject<TestProject>("orders").WithEnvironment("OTHER", "1").WithExcludedUrls("here").WithEnvironment(DotNet, "users");
        var before = await TestModel.GetVariablesAsync(orders);
        builder.WithExcludedUrls("everywhere");
        await using var model = await TestModel.StartAsync(builder);

        var after = await TestModel.GetVariablesAsync(orders);

        Assert.Equal("users,everywhere,here", after[DotNet]);
        Assert.Equal("1", after["OTHER"]);
        Assert.Equal(before.Keys.Order(), after.Keys.Except(["Aspire__RouteTracing__ExclusionsFile"]).Order());
    }

    [Theory, MemberData(nameof(Operations))]
    public async Task A_second_start_event_and_a_second_look_change_nothing(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation).WithExcludedUrls("everywhere");
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here", "here").WithEnvironment(DotNet, "here,users");
        await using var model = await TestModel.StartAsync(builder);
        var first = await TestModel.GetVariablesAsync(orders);
        var annotations = orders.Resource.Annotations.Count;

        await model.PublishBeforeStartAsync(builder);

        Assert.Equal(first, await TestModel.GetVariablesAsync(orders));
        Assert.Equal("here,users,everywhere", first[DotNet]);
        Assert.Equal(annotations, orders.Resource.Annotations.Count);
    }

    [Fact]
    public async Task What_the_user_sets_as_a_resource_starts_is_joined_too()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var orders = builder.AddProject<TestProject>("orders");
        orders.OnBeforeResourceStarted((_, _, _) =>
        {
            orders.WithEnvironment(DotNet, "users");
            return Task.CompletedTask;
        });
        await using var model = await TestModel.StartAsync(builder);

        await model.PublishBeforeResourceStartedAsync(orders);

        Assert.Equal("users,everywhere", await TestModel.GetVariableAsync(orders, DotNet));
    }

    [Theory, MemberData(nameof(Operations))]
    public async Task Where_the_user_names_a_file_it_stays_and_the_list_is_in_a_variable_that_it_does_not_stand_in_place_of(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation).WithExcludedUrls("everywhere");
        var orders = builder.AddProject<TestProject>("orders").WithEnvironment("Aspire__RouteTracing__ExclusionsFile", "/users.txt");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("/users.txt", await TestModel.GetVariableAsync(orders, "Aspire__RouteTracing__ExclusionsFile"));
        Assert.Equal("everywhere", await TestModel.GetVariableAsync(orders, "OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"));
        Assert.Null(await TestModel.GetVariableAsync(orders, DotNet));
    }

    [Fact]
    public async Task A_resource_that_is_published_as_a_container_keeps_its_language()
    {
        var builder = TestModel.CreateBuilder(DistributedApplicationOperation.Publish).WithExcludedUrls("everywhere");
        builder.AddProject<TestProject>("orders").PublishAsDockerFile();
        builder.AddExecutable("reviews", "python", ".").WithOtlpExporter().PublishAsDockerFile();
        builder.AddExecutable("web", "node", ".").WithOtlpExporter().PublishAsDockerFile();
        await using var model = await TestModel.StartAsync(builder);

        var told = new Dictionary<string, string?[]>();
        foreach (var container in builder.Resources.OfType<ContainerResource>())
        {
            var variables = await TestModel.GetVariablesAsync(builder.CreateResourceBuilder(container));
            told[container.Name] = [variables.GetValueOrDefault(DotNet), variables.GetValueOrDefault(Python)];
        }

        Assert.Equal(["everywhere", null], told["orders"]);
        Assert.Equal([null, "everywhere"], told["reviews"]);
        Assert.Equal([null, null], told["web"]);
        Assert.Contains("'web' stay in the traces: OpenTelemetry for JavaScript reads no list", Assert.Single(model.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_list_nothing_is_set()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders");
        var bare = await TestModel.GetVariablesAsync(orders);
        orders.WithoutExcludedUrls();
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal(bare, await TestModel.GetVariablesAsync(orders));
    }

    [Fact]
    public async Task An_empty_list_sets_nothing()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders");
        var bare = await TestModel.GetVariablesAsync(orders);
        string[] none = [];
        builder.WithExcludedUrls(none);
        orders.WithExcludedUrls(none);
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal(bare, await TestModel.GetVariablesAsync(orders));
    }

    [Fact]
    public async Task WithoutExcludedUrls_takes_a_resource_out_of_the_app_wide_list_and_keeps_its_own()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere").WithExcludedHealthChecks();
        var orders = builder.AddProject<TestProject>("orders").WithHttpEndpoint(name: "http").WithHttpHealthCheck("/health").WithoutExcludedUrls();
        var catalog = builder.AddProject<TestProject>("catalog").WithExcludedUrls("here").WithoutExcludedUrls();
        await using var model = await TestModel.StartAsync(builder);

        Assert.Null(await TestModel.GetUnresolvedAsync(orders, DotNet));
        Assert.Equal("here", await TestModel.GetVariableAsync(catalog, DotNet));
    }

    [Fact]
    public async Task The_app_wide_list_is_for_resources_with_telemetry()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var silent = builder.AddContainer("silent", "image");
        var traced = builder.AddContainer("traced", "image").WithOtlpExporter();
        var asked = builder.AddContainer("asked", "image").WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Empty(await TestModel.GetVariablesAsync(silent));
        Assert.Equal("everywhere", await TestModel.GetUnresolvedAsync(traced, DotNet));
        Assert.Equal([Key, DotNet, Python], (await TestModel.GetVariablesAsync(asked)).Keys.Order(StringComparer.Ordinal));
        Assert.Equal("here", await TestModel.GetVariableAsync(asked, DotNet));
    }

    [Theory, MemberData(nameof(Operations))]
    public async Task A_container_and_an_executable_get_the_variables_of_dotnet_and_python(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation).WithExcludedUrls("^/health$");
        IResourceBuilder<IResourceWithEnvironment>[] resources =
            [builder.AddContainer("container", "image").WithExcludedUrls("a,b"), builder.AddExecutable("executable", "./run", ".").WithExcludedUrls("a,b")];
        await using var model = await TestModel.StartAsync(builder);

        foreach (var resource in resources)
        {
            Assert.Equal(@"a\,b", await TestModel.GetVariableAsync(resource, DotNet));
            Assert.Equal(@"a\x2cb", await TestModel.GetVariableAsync(resource, Python));
        }
    }

    [Theory, MemberData(nameof(Operations))]
    public async Task A_python_resource_gets_the_list_in_pythons_words_joined_to_the_users_own(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation).WithExcludedUrls("^/health$", @"\p{L}");
        var reviews = builder.AddExecutable("reviews", ".venv/bin/python", ".").WithOtlpExporter();
        var flask = builder.AddExecutable("flask", "flask", ".").WithOtlpExporter().WithEnvironment("OTEL_PYTHON_FLASK_EXCLUDED_URLS", "mine");
        await using var model = await TestModel.StartAsync(builder);

        const string health = @"^[^:/?#]+://[^/?#]*/health(?![^?])";
        Assert.Equal(health, await TestModel.GetUnresolvedAsync(reviews, Python));
        Assert.Equal(health, await TestModel.GetUnresolvedAsync(flask, Python));
        Assert.Equal("mine," + health, await TestModel.GetUnresolvedAsync(flask, "OTEL_PYTHON_FLASK_EXCLUDED_URLS"));
        Assert.Null(await TestModel.GetUnresolvedAsync(reviews, DotNet));
        Assert.Null(await TestModel.GetUnresolvedAsync(reviews, Key));
        Assert.Equal(2, model.Warnings.Count);
        Assert.All(model.Warnings, warning => Assert.Contains(@"'\p{L}' is left out", warning, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_list_for_python_that_goes_on_after_a_value_known_only_where_it_is_deployed_is_named_for_that_may_be_empty()
    {
        var builder = TestModel.CreateBuilder(DistributedApplicationOperation.Publish);
        var users = builder.AddParameter("users", "");
        var reviews = builder.AddExecutable("reviews", "python", ".").WithExcludedUrls("here").WithEnvironment(Python, users);
        await using var model = await TestModel.StartAsync(builder);

        var value = Assert.IsType<ReferenceExpression>(await TestModel.GetUnresolvedAsync(reviews, Python));

        Assert.Equal(",here", await value.GetValueAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith("Where 'reviews', which is or may be a Python service, is deployed with an empty value", Assert.Single(model.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_list_of_a_python_client_stays_for_it_names_requests_that_the_service_makes()
    {
        var builder = TestModel.CreateBuilder();
        var reviews = builder.AddExecutable("reviews", "python", ".").WithExcludedUrls("^/health$").WithEnvironment("OTEL_PYTHON_REQUESTS_EXCLUDED_URLS", "telemetry");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("telemetry", await TestModel.GetVariableAsync(reviews, "OTEL_PYTHON_REQUESTS_EXCLUDED_URLS"));
        await model.ExecuteAsync(reviews, "edit-excluded-urls", ("patterns", "a"));
        Assert.Equal("telemetry", (await TestModel.GetVariablesAfterRestartAsync(reviews))["OTEL_PYTHON_REQUESTS_EXCLUDED_URLS"]);
    }

    [Theory, InlineData("node", "JavaScript"), InlineData("/usr/bin/java", "Java"), InlineData("go", "Go")]
    public async Task A_resource_that_reads_no_list_is_named_at_the_start(string command, string language)
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
        var app = builder.AddExecutable("app", command, ".").WithOtlpExporter();
        await using var model = await TestModel.StartAsync(builder);

        Assert.Contains($"'app' stay in the traces: OpenTelemetry for {language} reads no list", Assert.Single(model.Warnings), StringComparison.Ordinal);
        Assert.Null(await TestModel.GetUnresolvedAsync(app, DotNet));
        Assert.Equal("parentbased_always_on", await TestModel.GetUnresolvedAsync(app, "OTEL_TRACES_SAMPLER"));
    }

    [Fact]
    public async Task A_language_integration_is_recognised_by_its_resources_type()
    {
        var builder = TestModel.CreateBuilder();
        builder.AddResource(new NodeAppResource("web")).WithOtlpExporter().WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Contains("'web' stay in the traces", Assert.Single(model.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_project_whose_lists_are_all_known_only_where_it_is_deployed_is_named()
    {
        var builder = TestModel.CreateBuilder(DistributedApplicationOperation.Publish);
        var users = builder.AddParameter("users", "a");
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here")
            .WithEnvironment(DotNet, users).WithEnvironment("OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS", users).WithEnvironment("Aspire__RouteTracing__ExcludedUrls", users);
        await using var model = await TestModel.StartAsync(builder);

        await TestModel.GetVariablesAsync(orders);
        await TestModel.GetVariablesAsync(orders);

        Assert.StartsWith("Nothing more is excluded in 'orders'", Assert.Single(model.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_checks_and_probes_are_excluded_by_their_exact_paths_wherever_they_are_said()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders").WithHttpEndpoint(name: "http").WithHttpHealthCheck("/health?full=1").WithExcludedHealthChecks();
#pragma warning disable ASPIREPROBES001
        orders.WithHttpProbe(ProbeType.Liveness, "/alive.json").WithHttpProbe(ProbeType.Readiness, "ready_now", endpointName: "http");
#pragma warning restore ASPIREPROBES001
        builder.Services.AddHealthChecks();
        orders.WithHealthCheck("database");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal(@"^/alive\.json/?$,^/ready_now/?$,^/health/?$", await TestModel.GetUnresolvedAsync(orders, DotNet));
    }

    [Fact]
    public async Task App_wide_health_checks_exclude_in_each_resource_its_own_paths()
    {
        var builder = TestModel.CreateBuilder().WithExcludedHealthChecks();
        var orders = builder.AddProject<TestProject>("orders").WithHttpEndpoint(name: "http").WithHttpHealthCheck("/orders/health");
        var catalog = builder.AddProject<TestProject>("catalog").WithHttpEndpoint(name: "http").WithHttpHealthCheck("/catalog/health");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("^/orders/health/?$", await TestModel.GetUnresolvedAsync(orders, DotNet));
        Assert.Equal("^/catalog/health/?$", await TestModel.GetUnresolvedAsync(catalog, DotNet));
    }

    [Fact]
    public async Task A_health_check_of_the_root_is_not_excluded_but_mentioned()
    {
        var builder = TestModel.CreateBuilder().WithExcludedHealthChecks();
        var orders = builder.AddProject<TestProject>("orders").WithHttpEndpoint(name: "http").WithHttpHealthCheck();
        await using var model = await TestModel.StartAsync(builder);

        Assert.Null(await TestModel.GetUnresolvedAsync(orders, DotNet));
        Assert.Contains("The health check of 'orders' stays in the traces, for it requests '/'", Assert.Single(model.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_health_check_of_the_root_is_not_mentioned_where_the_root_is_excluded()
    {
        var builder = TestModel.CreateBuilder().WithExcludedHealthChecks();
        builder.AddProject<TestProject>("orders").WithHttpEndpoint(name: "http").WithHttpHealthCheck().WithExcludedUrls("^/$");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Empty(model.Warnings);
    }

    [Fact]
    public async Task A_health_check_of_the_root_is_not_to_be_excluded_where_no_list_is_read()
    {
        var builder = TestModel.CreateBuilder().WithExcludedHealthChecks();
        builder.AddExecutable("web", "node", ".").WithOtlpExporter().WithHttpEndpoint(name: "http").WithHttpHealthCheck();
        await using var model = await TestModel.StartAsync(builder);

        Assert.StartsWith("The requests to 'web' stay in the traces: OpenTelemetry for JavaScript reads no list", Assert.Single(model.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_services_with_telemetry_share_one_key_that_is_new_in_each_run()
    {
        var keys = new HashSet<string>();
        for (var run = 0; run < 2; run++)
        {
            var builder = TestModel.CreateBuilder();
            var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here");
            var catalog = builder.AddProject<TestProject>("catalog");
            var given = builder.AddProject<TestProject>("given").WithEnvironment(Key, "mine");
            await using var model = await TestModel.StartAsync(builder);

            var key = await TestModel.GetVariableAsync(orders, Key);
            Assert.Matches("^[0-9a-f]{64}$", key);
            Assert.Equal(key, await TestModel.GetVariableAsync(catalog, Key));
            Assert.Equal("mine", await TestModel.GetVariableAsync(given, Key));
            Assert.True(keys.Add(key!));
        }
    }

    [Fact]
    public async Task Aspires_sampler_asks_the_parent_in_every_resource_where_something_is_excluded_in_one()
    {
        var builder = TestModel.CreateBuilder();
        var excluded = builder.AddProject<TestProject>("excluded").WithExcludedUrls("here");
        var late = builder.AddContainer("late", "image").WithExcludedUrls("here").WithOtlpExporter();
        var behind = builder.AddContainer("behind", "image").WithOtlpExporter();
        var users = builder.AddProject<TestProject>("users").WithExcludedUrls("here").WithEnvironment("OTEL_TRACES_SAMPLER", "always_on");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("parentbased_always_on", await TestModel.GetVariableAsync(excluded, "OTEL_TRACES_SAMPLER"));
        Assert.Equal("parentbased_always_on", await TestModel.GetUnresolvedAsync(late, "OTEL_TRACES_SAMPLER"));
        Assert.Equal("parentbased_always_on", await TestModel.GetUnresolvedAsync(behind, "OTEL_TRACES_SAMPLER"));
        Assert.Equal("always_on", await TestModel.GetVariableAsync(users, "OTEL_TRACES_SAMPLER"));
    }

    [Fact]
    public async Task What_a_persistent_resource_is_told_is_the_same_in_each_run_for_it_would_be_made_anew()
    {
        var runs = new List<object?[]>();
        for (var run = 0; run < 2; run++)
        {
            var builder = TestModel.CreateBuilder().WithExcludedUrls("everywhere");
            var container = builder.AddContainer("container", "image").WithOtlpExporter().WithLifetime(ContainerLifetime.Persistent);
#pragma warning disable ASPIREPERSISTENCE001
            var orders = builder.AddProject<TestProject>("orders").WithPersistentLifetime();
#pragma warning restore ASPIREPERSISTENCE001
            await using var model = await TestModel.StartAsync(builder);
            var variables = await TestModel.GetVariablesAsync(orders);

            Assert.Equal("everywhere", variables[DotNet]);
            runs.Add([.. variables.Select(variable => (object)variable), await TestModel.GetUnresolvedAsync(container, DotNet), await TestModel.GetUnresolvedAsync(container, Key)]);
        }

        Assert.Equal(runs[0], runs[1]);
    }

    [Theory, InlineData("Production", DistributedApplicationOperation.Run), InlineData("Development", DistributedApplicationOperation.Publish)]
    public async Task Where_aspire_sets_no_sampler_none_is_set(string environment, DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation, environment);
        var orders = builder.AddProject<TestProject>("orders").WithExcludedUrls("here");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Null(await TestModel.GetVariableAsync(orders, "OTEL_TRACES_SAMPLER"));
    }

    [Theory, InlineData("("), InlineData("[a"), InlineData("a{2,1}"), InlineData("(?<n")]
    public void A_bad_pattern_is_refused_at_once_with_the_pattern_and_the_reason(string pattern)
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders");

        foreach (Action call in (Action[])[() => orders.WithExcludedUrls("good", pattern), () => builder.WithExcludedUrls("good", pattern)])
        {
            var exception = Assert.Throws<ArgumentException>(call);
            Assert.Equal("patterns", exception.ParamName);
            Assert.StartsWith($"The pattern '{pattern}' of an excluded URL can't be read: ", exception.Message, StringComparison.Ordinal);
        }
    }

    [Theory, InlineData(""), InlineData("  "), InlineData("\u001C"), InlineData(null)]
    public void An_empty_pattern_is_refused(string? pattern) =>
        Assert.Throws<ArgumentException>("patterns", () => TestModel.CreateBuilder().WithExcludedUrls(pattern!));

    [Fact]
    public async Task A_blank_after_a_backslash_is_part_of_the_pattern()
    {
        var orders = TestModel.CreateBuilder().AddProject<TestProject>("orders").WithExcludedUrls(@" ^/trail\ ", "next");

        Assert.Equal(@"^/trail\ ,next", await TestModel.GetVariableAsync(orders, "OTEL_DOTNET_EXCLUDED_URLS"));
    }

    [Fact]
    public async Task Aspires_sampler_stays_where_nothing_is_excluded()
    {
        var builder = TestModel.CreateBuilder();
        builder.WithCapturedRequestHeaders("accept");
        var orders = builder.AddProject<TestProject>("orders");
        await using var model = await TestModel.StartAsync(builder);

        Assert.Equal("always_on", await TestModel.GetVariableAsync(orders, "OTEL_TRACES_SAMPLER"));
    }

    [Fact]
    public void A_list_over_32_000_bytes_is_refused()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls(LongPatterns.Create('a', count: 20, length: 999));
        var patterns = LongPatterns.Create('é', count: 6, length: 999);

        var exception = Assert.Throws<ArgumentException>(() => builder.WithExcludedUrls([.. patterns, new string('b', 19)]));

        Assert.Contains("32001 bytes, and the limit is 32000", exception.Message, StringComparison.Ordinal);
        builder.WithExcludedUrls([.. patterns, new string('b', 18)]);
    }

    [Fact]
    public async Task Lists_that_are_over_32_000_bytes_together_stop_the_start()
    {
        var builder = TestModel.CreateBuilder().WithExcludedUrls(LongPatterns.Create('a', count: 20, length: 999));
        builder.AddProject<TestProject>("orders").WithExcludedUrls(LongPatterns.Create('b', count: 20, length: 999));

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => TestModel.StartAsync(builder));

        Assert.Contains("A list for 'orders' is too long: OTEL_DOTNET_EXCLUDED_URLS would have 39999 bytes", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_builder_or_list_is_named()
    {
        var builder = TestModel.CreateBuilder();
        var orders = builder.AddProject<TestProject>("orders");

        Assert.Throws<ArgumentNullException>("builder", () => RouteTracingBuilderExtensions.WithExcludedUrls(null!, "a"));
        Assert.Throws<ArgumentNullException>("builder", () => RouteTracingBuilderExtensions.WithExcludedHealthChecks(null!));
        Assert.Throws<ArgumentNullException>("builder", () => RouteTracingResourceBuilderExtensions.WithExcludedUrls<ProjectResource>(null!, "a"));
        Assert.Throws<ArgumentNullException>("builder", () => RouteTracingResourceBuilderExtensions.WithExcludedHealthChecks<ProjectResource>(null!));
        Assert.Throws<ArgumentNullException>("builder", () => RouteTracingResourceBuilderExtensions.WithoutExcludedUrls<ProjectResource>(null!));
        Assert.Throws<ArgumentNullException>("patterns", () => builder.WithExcludedUrls(null!));
        Assert.Throws<ArgumentNullException>("patterns", () => orders.WithExcludedUrls(null!));
    }

    private static IEnumerable<T[]> Permutations<T>(T[] items) =>
        items.Length < 2
            ? [items]
            : items.SelectMany((item, index) => Permutations([.. items[..index], .. items[(index + 1)..]]).Select(rest => (T[])[item, .. rest]));

    private sealed class NodeAppResource(string name) : ExecutableResource(name, "custom", ".");
}
