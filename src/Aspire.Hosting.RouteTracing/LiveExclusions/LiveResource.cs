using System.Diagnostics.CodeAnalysis;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.Variables;
using Aspire.RouteTracing.ExcludedUrls;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.RouteTracing.LiveExclusions;

/// <summary>A resource in run mode: its list can be seen, tried and edited in the dashboard and from the command line.</summary>
/// <param name="resource">The resource.</param>
/// <param name="file">Where its service looks for the list while it runs; <see langword="null"/> for a service that reads its list once, at its start.</param>
/// <param name="notifications">Where the dashboard learns of the resource.</param>
internal sealed class LiveResource(IResource resource, LiveListFile? file, ResourceNotificationService notifications) : IResourceAnnotation
{
    private const string PropertyName = "aspire.route_tracing.excluded_urls";

    private readonly Lock _writing = new();

    public LiveList List { get; } = new();

    public ResourceLanguage Language { get; } = ResourceLanguages.Of(resource);

    public string? FilePath => file?.Path;

    /// <summary>Whether the service looks at the file while it runs. It does not where the user names another one.</summary>
    public bool FollowsFile { get; set; } = file is not null;

    /// <summary>The argument of the command that edits the list; it starts as the list in force.</summary>
    public InteractionInput PatternsInput { get; } = new()
    {
        Name = "patterns",
        Label = "Patterns",
        Description = "Regular expressions, separated by commas. They take the place of what the AppHost's code and the resource's variables say.",
        InputType = InputType.Text,
        MaxLength = RouteTracingVariables.MaxListSize,
    };

    /// <summary>Whether the resource can be started with a list of valid patterns in the place of all others.</summary>
    public bool CanBeToldOf(IReadOnlyList<string> patterns, [NotNullWhen(false)] out string? reason)
    {
        try
        {
            _ = RouteTracingVariables.For(new() { Name = resource.Name, Language = Language, ExcludedUrls = patterns, Carriers = VariableCarriers.Orchestrator });
            reason = null;
            return true;
        }
        catch (InvalidOperationException exception)
        {
            reason = exception.Message;
            return false;
        }
    }

    /// <summary>Writes the list in force for the service that looks at it. Of two edits at once, the file has the list that is in force in the end.</summary>
    public void WriteFile()
    {
        lock (_writing)
        {
            file?.Write(List.Patterns);
        }
    }

    /// <summary>Shows the list in force, in the resource's details and as what the command that edits it starts with.</summary>
    public Task ShowAsync()
    {
        var text = ExclusionListFormat.Write(List.Patterns);
        PatternsInput.Value = text;
        var property = new ResourcePropertySnapshot(PropertyName, text is "" ? "none" : text) { DisplayName = "Excluded URLs", IsHighlighted = true };
        return notifications.PublishUpdateAsync(
            resource,
            snapshot => snapshot with { Properties = [.. snapshot.Properties.Where(present => present.Name != PropertyName), property] });
    }

    /// <summary>Makes the list in force known to the resource, and says how, as a sentence.</summary>
    public async Task<ExecuteCommandResult> ApplyAsync(ExecuteCommandContext context)
    {
        WriteFile();
        await ShowAsync().ConfigureAwait(false);

        var list = List.Patterns.Count == 0 ? "Nothing is excluded" : $"Excluded: {string.Join("  ", List.Patterns)}";
        if (!notifications.TryGetCurrentState(context.ResourceName, out var current) || current.Snapshot.State?.Text != KnownResourceStates.Running)
        {
            return LiveResourceCommands.Answer($"{list}. '{resource.Name}' doesn't run; it will read the list when it starts.");
        }

        if (FollowsFile)
        {
            return LiveResourceCommands.Answer($"{list}. '{resource.Name}' follows within a second, without a restart.");
        }

        var restart = await context.Services.GetRequiredService<ResourceCommandService>()
            .ExecuteCommandAsync(context.ResourceName, KnownResourceCommands.RestartCommand, context.CancellationToken)
            .ConfigureAwait(false);
        return restart.Success
            ? LiveResourceCommands.Answer($"{list}. '{resource.Name}' was restarted, for it reads the list only when it starts.")
            : CommandResults.Failure($"{list}. '{resource.Name}' reads the list only when it starts, and couldn't be restarted: {restart.Message}");
    }
}
