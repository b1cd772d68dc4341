using System.Collections.Concurrent;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Http;

namespace Aspire.Hosting.RouteTracing.Tests.ExcludedUrls;

public sealed class UnsampledHealthChecksTests
{
    private const string Unsampled = "^00-[0-9a-f]{32}-[0-9a-f]{16}-00$";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/health")]
    [InlineData("/")]
    public async Task Requests_of_an_excluded_health_check_are_unsampled(string path)
    {
        var (builder, requests) = CreateBuilder();
        builder.WithExcludedHealthChecks();
        var web = AddWeb(builder, "web", path);
        await using var model = await TestModel.StartAsync(builder);

        await CheckAsync(model, web);
        await CheckAsync(model, web);

        var traceparents = requests.Select(request => Assert.Single(request.Headers.GetValues("traceparent"))).ToArray();
        Assert.Equal(2, traceparents.Length);
        Assert.All(requests, request => Assert.Equal(path, request.RequestUri!.AbsolutePath));
        Assert.All(traceparents, traceparent => Assert.Matches(Unsampled, traceparent));
        Assert.Equal(2, traceparents.Select(traceparent => traceparent.Split('-')[1]).Distinct().Count());
        Assert.Equal(2, traceparents.Select(traceparent => traceparent.Split('-')[2]).Distinct().Count());
    }

    [Fact]
    public async Task Requests_of_a_health_check_that_is_not_excluded_stay_as_they_are()
    {
        var (builder, requests) = CreateBuilder();
        var web = AddWeb(builder, "web", "/health");
        AddWeb(builder, "excluded", "/health").WithExcludedHealthChecks();
        await using var model = await TestModel.StartAsync(builder);

        await CheckAsync(model, web);

        Assert.False(Assert.Single(requests).Headers.Contains("traceparent"));
    }

    [Fact]
    public async Task Without_the_app_wide_exclusions_a_health_check_stays_as_it_is()
    {
        var (builder, requests) = CreateBuilder();
        builder.WithExcludedHealthChecks();
        var web = AddWeb(builder, "web", "/health").WithoutAppWideExclusions();
        await using var model = await TestModel.StartAsync(builder);

        await CheckAsync(model, web);

        Assert.False(Assert.Single(requests).Headers.Contains("traceparent"));
    }

    [Theory]
    [InlineData("/health", false)]
    [InlineData("/", true)]
    public async Task Requests_of_a_check_whose_pattern_an_edit_removes_stay_as_they_are(string path, bool isUnsampled)
    {
        var (builder, requests) = CreateBuilder();
        builder.WithExcludedHealthChecks();
        var web = AddWeb(builder, "web", path, "python3");
        await using var model = await TestModel.StartAsync(builder);

        await model.AnswerAsync(web, Edit, ("add", "new"));
        await CheckAsync(model, web);
        await model.AnswerAsync(web, Edit, ("patterns", "other"));
        await CheckAsync(model, web);
        await model.AnswerAsync(web, Edit, ("reset", "true"));
        await CheckAsync(model, web);

        Assert.Equal([true, isUnsampled, true], requests.Select(request => request.Headers.Contains("traceparent")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("other")]
    [InlineData("web")]
    public async Task Requests_of_other_clients_stay_as_they_are(string name)
    {
        var (builder, requests) = CreateBuilder();
        builder.WithExcludedHealthChecks();
        AddWeb(builder, "web", "/health");
        await using var model = await TestModel.StartAsync(builder);

        using var client = model.Services.GetRequiredService<IHttpClientFactory>().CreateClient(name);
        await client.GetAsync(new Uri("http://localhost/health"), Cancellation);

        Assert.False(Assert.Single(requests).Headers.Contains("traceparent"));
    }

    private static (IDistributedApplicationBuilder Builder, ConcurrentQueue<HttpRequestMessage> Requests) CreateBuilder()
    {
        var builder = TestModel.CreateBuilder();
        var requests = new ConcurrentQueue<HttpRequestMessage>();
        builder.Services.AddSingleton<IHttpMessageHandlerBuilderFilter>(new RequestRecorder(requests));
        return (builder, requests);
    }

    private static IResourceBuilder<ExecutableResource> AddWeb(
        IDistributedApplicationBuilder builder, string name, string path, string command = "node")
    {
        var web = builder.AddExecutable(name, command, ".").WithOtlpExporter().WithHttpEndpoint(name: "http").WithHttpHealthCheck(path);
        var endpoint = web.Resource.Annotations.OfType<EndpointAnnotation>().Single();
        endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", 1);
        return web;
    }

    // As Aspire does when the resource has started.
    private static async Task CheckAsync(TestModel model, IResourceBuilder<IResource> resource)
    {
        await resource.ApplicationBuilder.Eventing.PublishAsync(
            new BeforeResourceStartedEvent(resource.Resource, model.Services), Cancellation);
        var key = resource.Resource.Annotations.OfType<HealthCheckAnnotation>().Single().Key;
        var report = await model.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(
            check => check.Name == key, Cancellation);
        Assert.Equal(HealthStatus.Healthy, report.Status);
    }

    /// <summary>Answers all requests in place of the network.</summary>
    private sealed class RequestRecorder(ConcurrentQueue<HttpRequestMessage> requests) : IHttpMessageHandlerBuilderFilter
    {
        public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next) =>
            client =>
            {
                next(client);
                client.PrimaryHandler = new RecordingHandler(requests);
            };
    }

    private sealed class RecordingHandler(ConcurrentQueue<HttpRequestMessage> requests) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            requests.Enqueue(request);
            return Task.FromResult(new HttpResponseMessage());
        }
    }
}
