using Aspire.Hosting.RouteTracing.Variables;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.Tests.Variables;

public sealed class RouteTracingVariablesTests
{
    private static readonly object KnownWhenDeployed = new();

    [Fact]
    public void A_list_is_joined_to_the_users_value_which_may_be_encoded()
    {
        var variables = Of(ResourceLanguage.DotNet, ["b", "c"], ("OTEL_DOTNET_EXCLUDED_URLS", ExclusionListFormat.WriteBase64(["a,a", "b"])));

        Assert.Equal(@"a\,a,b,c", variables.Values["OTEL_DOTNET_EXCLUDED_URLS"]);
    }

    [Fact]
    public void A_list_that_is_there_already_is_left_as_the_user_wrote_it() =>
        Assert.Empty(Of(ResourceLanguage.DotNet, ["a"], ("OTEL_DOTNET_EXCLUDED_URLS", " b , a,, ")).Values);

    [Fact]
    public void A_list_whose_present_value_is_known_only_when_deployed_or_cannot_be_read_goes_into_the_next_variable()
    {
        Assert.Equal("a", Of(ResourceLanguage.DotNet, ["a"], ("OTEL_DOTNET_EXCLUDED_URLS", KnownWhenDeployed)).Values["OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"]);
        Assert.Equal(
            "b,a",
            Of(
                ResourceLanguage.DotNet,
                ["a"],
                ("OTEL_DOTNET_EXCLUDED_URLS", "base64:*"),
                ("OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS", KnownWhenDeployed),
                ("Aspire__RouteTracing__ExcludedUrls", "b")).Values["Aspire__RouteTracing__ExcludedUrls"]);
    }

    [Fact]
    public void Where_no_variable_is_left_a_warning_says_so()
    {
        var variables = Of(
            ResourceLanguage.DotNet,
            ["a"],
            ("OTEL_DOTNET_EXCLUDED_URLS", KnownWhenDeployed),
            ("OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS", KnownWhenDeployed),
            ("Aspire__RouteTracing__ExcludedUrls", KnownWhenDeployed));

        Assert.Empty(variables.Values);
        Assert.StartsWith("Nothing more is excluded in 'orders'", Assert.Single(variables.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void In_python_a_list_follows_a_value_that_is_known_only_when_deployed() =>
        Assert.Equal(
            new JoinedValue(KnownWhenDeployed, ",a,b"),
            Of(ResourceLanguage.Python, ["a", "b"], ("OTEL_PYTHON_EXCLUDED_URLS", KnownWhenDeployed)).Values["OTEL_PYTHON_EXCLUDED_URLS"]);

    [Fact]
    public void In_python_every_variable_that_hides_the_general_one_gets_the_list()
    {
        var variables = Of(ResourceLanguage.Python, ["a"], ("OTEL_PYTHON_FLASK_EXCLUDED_URLS", "mine"), ("OTEL_PYTHON_URLLIB3_EXCLUDED_URLS", "a , b"));

        Assert.Equal([("OTEL_PYTHON_EXCLUDED_URLS", "a"), ("OTEL_PYTHON_FLASK_EXCLUDED_URLS", "mine,a")], variables.Values.Select(pair => (pair.Key, pair.Value)));
    }

    [Theory]
    [InlineData(nameof(VariableCarriers.None), "{{x}}", true)]
    [InlineData(nameof(VariableCarriers.Orchestrator), "{{x}}", false)]
    [InlineData(nameof(VariableCarriers.Orchestrator), @"^/a{1\d$""'", true)]
    [InlineData(nameof(VariableCarriers.Manifest), @"^/a\d$""'", true)]
    [InlineData(nameof(VariableCarriers.Manifest), "{1}", false)]
    [InlineData(nameof(VariableCarriers.DockerCompose), @"\d{1}{{x}}""'é", true)]
    [InlineData(nameof(VariableCarriers.DockerCompose), "^/health$", false)]
    [InlineData(nameof(VariableCarriers.Kubernetes), "^/health{1}$${x}'é", true)]
    [InlineData(nameof(VariableCarriers.Kubernetes), @"\d", false)]
    [InlineData(nameof(VariableCarriers.Kubernetes), "\"", false)]
    [InlineData(nameof(VariableCarriers.Kubernetes), "{{ .Values.x }}", false)]
    [InlineData(nameof(VariableCarriers.Unknown), "client/.*/info", true)]
    [InlineData(nameof(VariableCarriers.Unknown), "^/health$", false)]
    [InlineData(nameof(VariableCarriers.Unknown), "'", false)]
    [InlineData("DockerCompose, Kubernetes", "^/health$", false)]
    [InlineData("DockerCompose, Kubernetes", @"\d", false)]
    public void A_list_is_plain_where_what_carries_it_leaves_it_alone_and_encoded_elsewhere(string carriers, string pattern, bool plain)
    {
        var variables = RouteTracingVariables.For(new TracedResource { Name = "orders", Language = ResourceLanguage.DotNet, ExcludedUrls = [pattern], Carriers = Enum.Parse<VariableCarriers>(carriers) });

        var value = Assert.IsType<string>(variables.Values["OTEL_DOTNET_EXCLUDED_URLS"]);
        Assert.Equal(plain, !value.StartsWith("base64:", StringComparison.Ordinal));
        Assert.Equal([pattern], ExclusionListFormat.Parse(value, out _));
    }

    [Fact]
    public void Where_the_deployment_takes_pythons_text_for_its_own_a_pattern_is_left_out_with_a_warning()
    {
        var variables = RouteTracingVariables.For(
            new TracedResource { Name = "reviews", Language = ResourceLanguage.Python, ExcludedUrls = [@"^/v\d", @"^/health\.json$"], Carriers = VariableCarriers.Kubernetes });

        Assert.Equal("^[^:/?#]+://[^/?#]*/health[.]json(?![^?])", variables.Values["OTEL_PYTHON_EXCLUDED_URLS"]);
        Assert.Contains(@"'^/v\d' is left out of 'reviews'", Assert.Single(variables.Warnings), StringComparison.Ordinal);
    }

    [Theory, InlineData(nameof(ResourceLanguage.DotNet), true), InlineData(nameof(ResourceLanguage.Unknown), true), InlineData(nameof(ResourceLanguage.Python), false), InlineData(nameof(ResourceLanguage.Go), false)]
    public void The_key_goes_as_it_is_to_what_may_be_a_dotnet_service(string language, bool given)
    {
        var variables = RouteTracingVariables.For(new TracedResource { Name = "orders", Language = Enum.Parse<ResourceLanguage>(language), ExclusionKey = KnownWhenDeployed });

        Assert.Equal(given ? KnownWhenDeployed : null, variables.Values.GetValueOrDefault("Aspire__RouteTracing__ExclusionKey"));
    }

    [Theory]
    [InlineData(nameof(ResourceLanguage.Python), "accept", "authorization,cookie,set-cookie,proxy-authorization,x-api-key,token")]
    [InlineData(nameof(ResourceLanguage.Unknown), "accept", "authorization,cookie,set-cookie,proxy-authorization,x-api-key,token")]
    [InlineData(nameof(ResourceLanguage.DotNet), "accept", "token")]
    [InlineData(nameof(ResourceLanguage.Python), null, "token")]
    public void What_may_be_a_python_service_is_told_of_the_headers_that_carry_secrets_when_it_captures_some(string language, string? captured, string sanitized)
    {
        var variables = RouteTracingVariables.For(new TracedResource
        {
            Name = "reviews",
            Language = Enum.Parse<ResourceLanguage>(language),
            CapturedResponseHeaders = captured is null ? [] : [captured],
            SanitizedHeaders = ["token"],
        });

        Assert.Equal(sanitized, variables.Values["OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS"]);
    }

    [Fact]
    public void The_longest_list_has_room_in_a_variable_of_Windows_with_its_name_and_its_end()
    {
        string[] patterns = [.. "abcdefghi".Select(letter => new string(letter, 3_199)), new('j', 3_200)];
        var list = string.Join(',', patterns);
        var variables = Of(ResourceLanguage.Unknown, patterns, ("OTEL_PYTHON_AIOHTTP_SERVER_EXCLUDED_URLS", ""));

        Assert.Equal([list, list, list], variables.Values.Values);
        Assert.All(variables.Values, variable => Assert.InRange($"{variable.Key}={variable.Value}\0".Length, RouteTracingVariables.MaxListSize, 32_767));
    }

    private static RouteTracingVariables Of(ResourceLanguage language, string[] patterns, params (string Name, object Value)[] present) =>
        RouteTracingVariables.For(new TracedResource
        {
            Name = "orders",
            Language = language,
            ExcludedUrls = patterns,
            PresentVariables = present.ToDictionary(variable => variable.Name, variable => variable.Value),
        });
}
