using System.Runtime.CompilerServices;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.Hosting.RouteTracing.LiveList;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aspire.Hosting.RouteTracing.Tests;

/// <summary>An AppHost whose model is complete. Of its services only those of this package run.</summary>
internal sealed class TestModel : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly DistributedApplication _app;
    private readonly IHostedService[] _services;

    private TestModel(DistributedApplication app, IEnumerable<Type> services)
    {
        _app = app;

        // Aspire's own hosted services would look for its orchestrator.
        _services = [.. services.Select(service => (IHostedService)ActivatorUtilities.CreateInstance(app.Services, service))];
    }

    public IServiceProvider Services => _app.Services;

    /// <summary>Gets the clock of the AppHost.</summary>
    public TestTime Time => (TestTime)Services.GetRequiredService<TimeProvider>();

    /// <summary>Gets what resources can't be told, as the last evaluation of their variables found it.</summary>
    public IReadOnlyList<string> Warnings =>
        [
            .. Services.GetRequiredService<DistributedApplicationModel>().Resources.SelectMany(
                Services.GetRequiredService<AppExclusions>().GetWarnings),
        ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ResourceNotificationService Notifications => Services.GetRequiredService<ResourceNotificationService>();

    public static IDistributedApplicationBuilder CreateBuilder(
        DistributedApplicationOperation operation = DistributedApplicationOperation.Run, string environment = "Development")
    {
        string[] arguments = operation == DistributedApplicationOperation.Publish
            ? ["AppHost:Operation=publish"]
            :
            [
                "ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL=http://localhost:4317",
                "DcpPublisher:CliPath=unused",
                "DcpPublisher:DashboardPath=unused",
            ];
        var builder = DistributedApplication.CreateBuilder(
            new DistributedApplicationOptions { Args = [.. arguments, "--environment", environment], DisableDashboard = true });
        builder.Services.AddSingleton<TimeProvider>(new TestTime());
        return builder;
    }

    /// <summary>Runs a step of publishing, and those that it depends on.</summary>
    public static async Task PublishAsync(string step, string output, Action<IDistributedApplicationBuilder> build)
    {
        var builder = DistributedApplication.CreateBuilder(
            ["AppHost:Operation=publish", $"Pipeline:Step={step}", $"Pipeline:OutputPath={output}", "Pipeline:ClearCache=true"]);
        build(builder);
        await using var app = builder.Build();
        await app.RunAsync(Cancellation);
    }

    public static async Task<TestModel> StartAsync(IDistributedApplicationBuilder builder, bool publishesStates = true)
    {
        var services = builder.Services.Where(service => service.ServiceType == typeof(IHostedService))
            .Select(service => service.ImplementationType)
            .OfType<Type>()
            .Where(service => service.Assembly == typeof(RouteTracingBuilderExtensions).Assembly);
        var model = new TestModel(builder.Build(), services);
        var subscribers = model.Services.GetServices<Lifecycle.IDistributedApplicationEventingSubscriber>();
        foreach (var subscriber in subscribers.OfType<RouteTracingSubscriber>())
        {
            await subscriber.SubscribeAsync(builder.Eventing, builder.ExecutionContext, Cancellation);
        }

        await model.PublishBeforeStartAsync(builder);
        if (builder.ExecutionContext.IsRunMode)
        {
            await Task.WhenAll(model._services.Select(service => service.StartAsync(Cancellation)));
            if (publishesStates)
            {
                await model.PublishFirstStatesAsync();
            }
        }

        return model;
    }

    public Task PublishBeforeStartAsync(IDistributedApplicationBuilder builder) =>
        builder.Eventing.PublishAsync(
            new BeforeStartEvent(Services, Services.GetRequiredService<DistributedApplicationModel>()), Cancellation);

    /// <summary>Evaluates a variable as Aspire does when it starts a resource.</summary>
    public static async Task<string?> GetVariableAsync<T>(IResourceBuilder<T> resource, string name)
        where T : IResource =>
        (await GetVariablesAsync(resource)).GetValueOrDefault(name);

    /// <summary>Evaluates the variables as Aspire does when it starts a resource.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> GetVariablesAsync<T>(IResourceBuilder<T> resource)
        where T : IResource
    {
        var configuration = await ExecutionConfigurationBuilder.Create(resource.Resource)
            .WithEnvironmentVariablesConfig()
            .BuildAsync(resource.ApplicationBuilder.ExecutionContext, NullLogger.Instance, Cancellation);
        Assert.Null(configuration.Exception);
        return configuration.EnvironmentVariables.ToDictionary();
    }

    /// <summary>Evaluates a variable whose value, or that of another one, is known only when the resource starts.</summary>
    public static async Task<object?> GetUnresolvedAsync<T>(IResourceBuilder<T> resource, string name)
        where T : IResource =>
        (await GetVariablesAfterRestartAsync(resource)).GetValueOrDefault(name);

    /// <summary>Evaluates the variables anew, as Aspire does when it restarts a resource.</summary>
    public static async Task<IReadOnlyDictionary<string, object>> GetVariablesAfterRestartAsync<T>(IResourceBuilder<T> resource)
        where T : IResource
    {
        var context = new EnvironmentCallbackContext(resource.ApplicationBuilder.ExecutionContext, resource.Resource);
        foreach (var annotation in resource.Resource.Annotations.OfType<EnvironmentCallbackAnnotation>().ToArray())
        {
            await annotation.Callback(context);
        }

        return context.EnvironmentVariables;
    }

    /// <summary>Gets what the dashboard shows as the resource's excluded URLs.</summary>
    public string? GetProperty<T>(IResourceBuilder<T> resource)
        where T : IResource =>
        Notifications.TryGetCurrentState(resource.Resource.Name, out var current) ? GetProperty(current) : null;

    /// <summary>Waits until the dashboard shows this text as the resource's excluded URLs.</summary>
    public async Task AssertPropertyAsync<T>(IResourceBuilder<T> resource, string expected)
        where T : IResource
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(Deadline);
        try
        {
            await Notifications.WaitForResourceAsync(resource.Resource.Name, state => GetProperty(state) == expected, deadline.Token);
        }
        catch (OperationCanceledException) when (!Cancellation.IsCancellationRequested)
        {
            Assert.Equal(expected, GetProperty(resource));
        }
    }

    /// <summary>Publishes the state of the resource's instances as Aspire's orchestrator does, and waits until it is known.</summary>
    public async Task SetStateAsync<T>(IResourceBuilder<T> resource, string state)
        where T : IResource
    {
        await Notifications.PublishUpdateAsync(resource.Resource, snapshot => snapshot with { State = state });
        if (resource.Resource.TryGetLastAnnotation<LiveResource>(out var live))
        {
            var instances = resource.Resource.GetReplicaCount();
            await Waits.UntilAsync(
                () => state == KnownResourceStates.Running
                    ? live.Instances.Running.Count == instances
                    : live.Instances.Running.Count == 0 && live.Instances.AreKnown,
                "The state is not known yet.");
            await live.Property.RefreshAsync();
        }
    }

    public async Task SetRunningAsync<T>(IResourceBuilder<T> resource, DateTime? startedAt = null)
        where T : IResource
    {
        await Notifications.PublishUpdateAsync(resource.Resource, snapshot => snapshot with { StartTimeStamp = startedAt });
        await SetStateAsync(resource, KnownResourceStates.Running);
    }

    /// <summary>Executes a command with arguments, as the command line does.</summary>
    public Task<ExecuteCommandResult> ExecuteAsync<T>(
        IResourceBuilder<T> resource, string command, params (string Name, string Value)[] arguments)
        where T : IResource =>
        ExecuteAsync(resource, command, Cancellation, arguments);

    /// <summary>Executes a command with arguments, as the command line does, until it is canceled.</summary>
    public async Task<ExecuteCommandResult> ExecuteAsync<T>(
        IResourceBuilder<T> resource,
        string command,
        CancellationToken cancellation,
        params (string Name, string Value)[] arguments)
        where T : IResource
    {
        var inputs = GetArguments(resource, command).Select(definition => new InteractionInput
        {
            Name = definition.Name,
            InputType = definition.InputType,
            Value = arguments.Where(argument => argument.Name == definition.Name).Select(argument => argument.Value).LastOrDefault(
                definition.Value),
        });
        return await Services.GetRequiredService<ResourceCommandService>()
            .ExecuteCommandAsync(await GetIdAsync(resource.Resource), command, new InteractionInputCollection([.. inputs]), cancellation);
    }

    /// <summary>Executes a command that succeeds, and returns its answer.</summary>
    public async Task<string> AnswerAsync<T>(IResourceBuilder<T> resource, string command, params (string Name, string Value)[] arguments)
        where T : IResource
    {
        var result = await ExecuteAsync(resource, command, arguments);
        Assert.True(result.Success, result.Message);
        Assert.Equal(result.Message, result.Data?.Value);
        return result.Message!;
    }

    /// <summary>Executes a command that fails, and returns why: its message, or the errors of its arguments.</summary>
    public async Task<string> FailAsync<T>(IResourceBuilder<T> resource, string command, params (string Name, string Value)[] arguments)
        where T : IResource
    {
        var result = await ExecuteAsync(resource, command, arguments);
        Assert.False(result.Success, result.Message);
        string[] errors = [.. GetInvalidArguments(result)?.SelectMany(GetValidationErrors) ?? []];
        return errors.Length > 0 ? string.Join('\n', errors) : result.Message!;
    }

    public static IReadOnlyList<InteractionInput> GetArguments<T>(IResourceBuilder<T> resource, string command)
        where T : IResource =>
        [.. resource.Resource.Annotations.OfType<ResourceCommandAnnotation>().Single(annotation => annotation.Name == command).Arguments];

    /// <summary>Gets the arguments of a command that the dashboard shows, and the version of the state that has them.</summary>
    public (IReadOnlyList<InteractionInput> Arguments, long Version) GetShownArguments<T>(IResourceBuilder<T> resource, string command)
        where T : IResource
    {
        Assert.True(Notifications.TryGetCurrentState(resource.Resource.Name, out var state));
        return ([.. state.Snapshot.Commands.Single(shown => shown.Name == command).Arguments], GetVersion(state.Snapshot));
    }

    /// <summary>Refreshes the property, as is done twice a second.</summary>
    public static Task RefreshAsync<T>(IResourceBuilder<T> resource)
        where T : IResource =>
        Assert.Single(resource.Resource.Annotations.OfType<LiveResource>()).Property.RefreshAsync();

    /// <summary>Reads what this package wrote to the console log of a resource, and completes the log.</summary>
    public async Task<IReadOnlyList<string>> ReadLogAsync<T>(IResourceBuilder<T> resource)
        where T : IResource
    {
        var loggers = Services.GetRequiredService<ResourceLoggerService>();
        loggers.Complete(resource.Resource);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(Deadline);
        var lines = new List<string>();
        await foreach (var batch in loggers.WatchAsync(resource.Resource).WithCancellation(deadline.Token))
        {
            lines.AddRange(batch.Select(line => line.Content));
        }

        return lines;
    }

    /// <summary>Stops the refreshes of the properties, which also write lists that are gone.</summary>
    public Task StopServicesAsync() => Task.WhenAll(_services.Select(service => service.StopAsync(CancellationToken.None)));

    public async ValueTask DisposeAsync()
    {
        await StopServicesAsync();
        await _app.DisposeAsync();
    }

    // As Aspire's orchestrator does once it has named the instances.
    private async Task PublishFirstStatesAsync()
    {
        foreach (var resource in Services.GetRequiredService<DistributedApplicationModel>().Resources)
        {
            await Notifications.PublishUpdateAsync(resource, snapshot => snapshot with { State = snapshot.State ?? "Unknown" });
            if (resource.TryGetLastAnnotation<LiveResource>(out var live))
            {
                await Waits.UntilAsync(() => live.Instances.AreKnown, "The first state is not known yet.");
                await live.Property.RefreshAsync();
            }
        }
    }

    private static string? GetProperty(ResourceEvent state) =>
        state.Snapshot.Properties.SingleOrDefault(property => property.DisplayName == "Excluded URLs")?.Value as string;

    // A project is known by the names of its instances.
    private async Task<string> GetIdAsync(IResource resource)
    {
        await foreach (var state in Notifications.WatchAsync(Cancellation))
        {
            if (state.Resource == resource)
            {
                return state.ResourceId;
            }
        }

        throw new InvalidOperationException($"'{resource.Name}' has no state.");
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Version")]
    private static extern long GetVersion(CustomResourceSnapshot snapshot);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_InvalidArguments")]
    private static extern InteractionInputCollection? GetInvalidArguments(ExecuteCommandResult result);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_ValidationErrors")]
    private static extern List<string> GetValidationErrors(InteractionInput input);
}
