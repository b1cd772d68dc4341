using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aspire.Hosting.RouteTracing.Tests.Aspire;

/// <summary>Evaluates a real application model: what a resource is given when the application starts, or is published.</summary>
internal static class ApplicationModel
{
    // Nothing is launched; the paths are validated when the resources get their names.
    public static readonly string[] Run = ["DcpPublisher:CliPath=unused", "DcpPublisher:DashboardPath=unused"];

    public static IDistributedApplicationBuilder CreateBuilder(string[] arguments, bool development = true) => DistributedApplication.CreateBuilder(
        new DistributedApplicationOptions { Args = [.. arguments, $"--environment={(development ? "Development" : "Production")}"], DisableDashboard = true });

    public static IResourceBuilder<ProjectResource> AddService(this IDistributedApplicationBuilder builder, string name)
        => builder.AddProject(name, ProjectPath, options => options.ExcludeLaunchProfile = true);

    public static IResourceBuilder<ExecutableResource> AddTool(this IDistributedApplicationBuilder builder, string name, string command = "tool")
        => builder.AddExecutable(name, command, ".").WithOtlpExporter();

    /// <summary>The variables of a resource when the application has been built and is about to start.</summary>
    public static async Task<Dictionary<string, string>> VariablesOfAsync(this IDistributedApplicationBuilder builder, IResource resource)
    {
        await using var app = await builder.BuildAndPrepareAsync();
        return await app.VariablesOfAsync(resource);
    }

    public static async Task<DistributedApplication> BuildAndPrepareAsync(this IDistributedApplicationBuilder builder)
    {
        var app = builder.Build();
        foreach (var subscriber in app.Services.GetServices<global::Aspire.Hosting.Lifecycle.IDistributedApplicationEventingSubscriber>())
        {
            if (subscriber.GetType().Assembly == typeof(RouteTracingResourceBuilderExtensions).Assembly)
            {
                await subscriber.SubscribeAsync(builder.Eventing, builder.ExecutionContext, TestContext.Current.CancellationToken);
            }
        }

        await builder.Eventing.PublishAsync(
            new BeforeStartEvent(app.Services, app.Services.GetRequiredService<DistributedApplicationModel>()),
            TestContext.Current.CancellationToken);
        return app;
    }

    public static async Task<Dictionary<string, string>> VariablesOfAsync(this DistributedApplication app, IResource resource)
    {
        // A project is told its own addresses, which exist when it is launched.
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            endpoint.AllocatedEndpoint ??= new AllocatedEndpoint(endpoint, "localhost", 5000, targetPortExpression: "5000");
        }

        var configuration = await ExecutionConfigurationBuilder.Create(resource)
            .WithEnvironmentVariablesConfig()
            .BuildAsync(app.Services.GetRequiredService<DistributedApplicationExecutionContext>(), NullLogger.Instance, TestContext.Current.CancellationToken);
        Assert.Null(configuration.Exception);
        return configuration.EnvironmentVariables.ToDictionary(variable => variable.Key, variable => variable.Value);
    }

    private static string ProjectPath => Path.Combine(AppContext.BaseDirectory, "Service.csproj");
}
