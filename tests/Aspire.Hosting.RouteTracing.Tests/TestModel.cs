using System.Runtime.CompilerServices;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aspire.Hosting.RouteTracing.Tests;

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

    public Task PublishBeforeResourceStartedAsync<T>(IResourceBuilder<T> resource)
        where T : IResource
        => resource.ApplicationBuilder.Eventing.PublishAsync(new BeforeResourceStartedEvent(resource.Resource, _app.Services));

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

    /// <summary>The variables as they are evaluated anew, as Aspire does when it restarts a resource.</summary>
    public static async Task<IReadOnlyDictionary<string, object>> GetVariablesAfterRestartAsync<T>(IResourceBuilder<T> resource)
        where T : IResource
    {
        var context = new EnvironmentCallbackContext(resource.ApplicationBuilder.ExecutionContext, resource.Resource);
        foreach (var annotation in resource.Resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            await annotation.Callback(context);
        }

        return context.EnvironmentVariables;
    }

    /// <summary>What the dashboard shows as the resource's excluded URLs.</summary>
    public string? GetProperty<T>(IResourceBuilder<T> resource)
        where T : IResource
    {
        var notifications = _app.Services.GetRequiredService<ResourceNotificationService>();
        return notifications.TryGetCurrentState(GetId(resource.Resource), out var current)
            ? current.Snapshot.Properties.Single(property => property.DisplayName == "Excluded URLs").Value as string
            : null;
    }

    /// <summary>Has it that the resource runs, though nothing of the model does.</summary>
    public Task SetRunningAsync<T>(IResourceBuilder<T> resource)
        where T : IResource
        => _app.Services.GetRequiredService<ResourceNotificationService>().PublishUpdateAsync(resource.Resource, snapshot => snapshot with { State = KnownResourceStates.Running });

    /// <summary>Executes a command with arguments, as the command line does.</summary>
    public Task<ExecuteCommandResult> ExecuteAsync<T>(IResourceBuilder<T> resource, string command, params (string Name, string Value)[] arguments)
        where T : IResource
    {
        var definitions = resource.Resource.Annotations.OfType<ResourceCommandAnnotation>().Single(annotation => annotation.Name == command).Arguments;
        var inputs = definitions.Select(definition => new InteractionInput
        {
            Name = definition.Name,
            InputType = definition.InputType,
            Value = arguments.Where(argument => argument.Name == definition.Name).Select(argument => argument.Value).LastOrDefault(definition.Value),
        });
        return _app.Services.GetRequiredService<ResourceCommandService>().ExecuteCommandAsync(
            GetId(resource.Resource), command, new InteractionInputCollection([.. inputs]), TestContext.Current.CancellationToken);
    }

    /// <summary>What the dashboard shows beside the arguments of a command that were refused, and the command line prints.</summary>
    public static string GetErrors(ExecuteCommandResult result)
    {
        Assert.False(result.Success);
        return string.Join('\n', GetInvalidArguments(result)!.SelectMany(GetValidationErrors));
    }

    // A project is known by the name of its instance.
    private string GetId(IResource resource)
    {
        var notifications = _app.Services.GetRequiredService<ResourceNotificationService>();
        Assert.True(notifications.TryGetCurrentState(resource.Name, out var current));
        return current.ResourceId;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_InvalidArguments")]
    private static extern InteractionInputCollection? GetInvalidArguments(ExecuteCommandResult result);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_ValidationErrors")]
    private static extern List<string> GetValidationErrors(InteractionInput input);

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
