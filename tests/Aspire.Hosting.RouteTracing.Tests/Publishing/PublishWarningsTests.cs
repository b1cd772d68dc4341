using System.Collections.Concurrent;
using Aspire.Hosting.Pipelines;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.RouteTracing.Tests.Publishing;

#pragma warning disable ASPIREPIPELINES001 // A step's warnings are what Aspire's command line prints.
// Publishing shares a folder in the home of the user.
[Collection("Publishing")]
public sealed class PublishWarningsTests : IDisposable
{
    private const string Step = "check-excluded-urls";

    private readonly DirectoryInfo _output = Directory.CreateTempSubdirectory();

    [Theory]
    [InlineData("publish")]
    [InlineData("publish-prereq")]
    [InlineData("publish-manifest")]
    [InlineData("deploy-prereq")]
    [InlineData(Step)]
    public async Task Publishing_warns_about_patterns_that_a_resource_does_not_read(string step)
    {
        var logged = await PublishAsync(step, builder =>
        {
            builder.WithExcludedUrls("^/health$", @"\p{L}");
            builder.AddExecutable("reviews", "python", ".").WithOtlpExporter();
            builder.AddExecutable("web", "node", ".").WithOtlpExporter();
            builder.AddProject<TestProject>("orders");
        });

        Assert.Collection(
            logged,
            warning => Assert.Equal(@"The pattern '\p{L}' can't be used in 'reviews': Python has no Unicode categories.", warning),
            warning => Assert.StartsWith(
                "The excluded URLs of 'web' were ignored because OpenTelemetry for JavaScript ", warning, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Publishing_as_a_Dockerfile_warns_of_the_resources_own_patterns()
    {
        var logged = await PublishAsync("publish-manifest", builder =>
            builder.AddExecutable("reviews", "python", ".").WithOtlpExporter().PublishAsDockerFile().WithExcludedUrls(@"\p{L}"));

        Assert.Equal([@"The pattern '\p{L}' can't be used in 'reviews': Python has no Unicode categories."], logged);
    }

    [Fact]
    public async Task Publishing_without_anything_to_warn_of_is_quiet()
    {
        var logged = await PublishAsync("publish-manifest", builder =>
        {
            builder.WithExcludedUrls("^/health$");
            builder.AddProject<TestProject>("orders");
        });

        Assert.Empty(logged);
    }

    [Fact]
    public async Task A_resource_that_is_not_published_is_not_evaluated()
    {
        var evaluations = 0;
        var logged = await PublishAsync("publish-manifest", builder =>
        {
            builder.WithExcludedUrls(@"\p{L}");
            builder.AddExecutable("reviews", "python", ".")
                .WithOtlpExporter()
                .WithEnvironment(_ => evaluations++)
                .ExcludeFromManifest();
        });

        Assert.Empty(logged);
        Assert.Equal(0, evaluations);
    }

    public void Dispose() => _output.Delete(recursive: true);

    /// <summary>Publishes a model and returns the warnings of the step.</summary>
    private async Task<IReadOnlyList<string>> PublishAsync(string step, Action<IDistributedApplicationBuilder> build)
    {
        var reporter = new StepRecorder();
        await TestModel.PublishAsync(step, Path.Combine(_output.FullName, "output"), builder =>
        {
            build(builder);
            builder.Services.AddSingleton<IPipelineActivityReporter>(reporter);
        });
        return [.. reporter.Warnings];
    }

    /// <summary>Records the warnings of the step, in place of the command line.</summary>
    private sealed class StepRecorder : IPipelineActivityReporter
    {
        public ConcurrentQueue<string> Warnings { get; } = new();

        public Task<IReportingStep> CreateStepAsync(string title, CancellationToken cancellationToken = default) =>
            Task.FromResult<IReportingStep>(new ReportingStep(title == Step ? Warnings : null));

        public Task CompletePublishAsync(PublishCompletionOptions? options = null, CancellationToken cancellationToken = default) =>
            Task.CompletedTask;

        public Task CompletePublishAsync(
            string? completionMessage = null, CompletionState? completionState = null, CancellationToken cancellationToken = default) =>
            Task.CompletedTask;
    }

    private sealed class ReportingStep(ConcurrentQueue<string>? warnings) : IReportingStep, IReportingTask
    {
        public Task<IReportingTask> CreateTaskAsync(string statusText, CancellationToken cancellationToken = default) =>
            Task.FromResult<IReportingTask>(this);

        public Task<IReportingTask> CreateTaskAsync(MarkdownString statusText, CancellationToken cancellationToken = default) =>
            Task.FromResult<IReportingTask>(this);

        public void Log(LogLevel logLevel, string message, bool enableMarkdown) => Log(logLevel, message);

        public void Log(LogLevel logLevel, MarkdownString message) => Log(logLevel, message.Value);

        public void Log(LogLevel logLevel, string message)
        {
            if (logLevel == LogLevel.Warning)
            {
                warnings?.Enqueue(message);
            }
        }

        public Task UpdateAsync(string statusText, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task UpdateAsync(MarkdownString statusText, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task CompleteAsync(string? completionMessage, CompletionState completionState, CancellationToken cancellationToken) =>
            Task.CompletedTask;

        public Task CompleteAsync(MarkdownString completionMessage, CompletionState completionState, CancellationToken cancellationToken) =>
            Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
