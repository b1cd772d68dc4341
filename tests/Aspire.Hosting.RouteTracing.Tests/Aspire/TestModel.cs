using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aspire.Hosting.RouteTracing.Tests.Aspire;

/// <summary>An AppHost whose model is complete, and nothing of it started.</summary>
internal sealed class TestModel : IAsyncDisposable
{
    private readonly DistributedApplication _app;
    private readonly LogMessages _logs;

    private TestModel(DistributedApplication app, LogMessages logs) => (_app, _logs) = (app, logs);

    /// <summary>What was logged as a warning of this package.</summary>
    public IReadOnlyList<string> Warnings => _logs.Warnings;

    public static IDistributedApplicationBuilder CreateBuilder(DistributedApplicationOperation operation = DistributedApplicationOperation.Run, string environment = "Development")
    {
        string[] arguments = operation == DistributedApplicationOperation.Publish ? ["AppHost:Operation=publish"] : ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL=http://localhost:4317", "DcpPublisher:CliPath=unused", "DcpPublisher:DashboardPath=unused"];
        return DistributedApplication.CreateBuilder(new DistributedApplicationOptions { Args = [.. arguments, "--environment", environment], DisableDashboard = true });
    }

    public static async Task<TestModel> StartAsync(IDistributedApplicationBuilder builder)
    {
        var logs = new LogMessages();
        builder.Services.AddSingleton<ILoggerProvider>(logs);
        var app = builder.Build();
        var model = new TestModel(app, logs);
        foreach (var subscriber in app.Services.GetServices<Lifecycle.IDistributedApplicationEventingSubscriber>().Where(subscriber => subscriber.GetType().Assembly == typeof(RouteTracingBuilderExtensions).Assembly))
        {
            await subscriber.SubscribeAsync(builder.Eventing, builder.ExecutionContext, CancellationToken.None);
        }

        await model.PublishBeforeStartAsync(builder);
        return model;
    }

    public Task PublishBeforeStartAsync(IDistributedApplicationBuilder builder) =>
        builder.Eventing.PublishAsync(new BeforeStartEvent(_app.Services, _app.Services.GetRequiredService<DistributedApplicationModel>()));

    public static async Task<string?> GetVariableAsync<T>(IResourceBuilder<T> resource, string name)
        where T : IResource
        => (await GetVariablesAsync(resource)).GetValueOrDefault(name);

    public static async Task<IReadOnlyDictionary<string, string>> GetVariablesAsync<T>(IResourceBuilder<T> resource)
        where T : IResource
    {
        var configuration = await ExecutionConfigurationBuilder.Create(resource.Resource)
            .WithEnvironmentVariablesConfig()
            .BuildAsync(resource.ApplicationBuilder.ExecutionContext, NullLogger.Instance, TestContext.Current.CancellationToken);
        Assert.Null(configuration.Exception);
        return configuration.EnvironmentVariables.ToDictionary();
    }

    /// <summary>The value as the callbacks left it, for a resource some of whose variables are known only when it starts, such as the address of an endpoint.</summary>
    public static async Task<object?> GetUnresolvedAsync<T>(IResourceBuilder<T> resource, string name)
        where T : IResource
    {
        var context = new EnvironmentCallbackContext(resource.ApplicationBuilder.ExecutionContext, resource.Resource);
        foreach (var annotation in resource.Resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            await annotation.Callback(context);
        }

        return context.EnvironmentVariables.GetValueOrDefault(name);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private sealed class LogMessages : ILoggerProvider, ILogger
    {
        private readonly List<string> _warnings = [];

        public IReadOnlyList<string> Warnings => _warnings;

        public ILogger CreateLogger(string categoryName) =>
            categoryName.StartsWith("Aspire.Hosting.RouteTracing", StringComparison.Ordinal) ? this : NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _warnings.Add(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
