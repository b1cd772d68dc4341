using Aspire.Hosting.ApplicationModel;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.LiveExclusions;

/// <summary>The commands on a resource. What they need are arguments, for on the command line nobody can be asked.</summary>
internal static class LiveResourceCommands
{
    private const string Url = "url";
    private const string Reset = "reset";

    public static void AddTo(IResourceBuilder<IResource> builder, LiveResource live)
    {
        Add(
            builder,
            "test-url",
            "Test URL",
            context => Task.FromResult(Answer(UrlTest.Answer(context.Arguments[Url].Value!, live.List.InForce, live.Language), displayImmediately: true)),
            new CommandOptions
            {
                Description = "Says whether the AppHost's list excludes a URL from the traces, and by which pattern.",
                IconName = "Search",
                Arguments =
                [
                    new InteractionInput { Name = Url, Label = "URL or path", InputType = InputType.Text, Required = true, Placeholder = "/health" },
                ],
                ValidateArguments = ValidateUrl,
            });
        Add(
            builder,
            "edit-excluded-urls",
            "Edit excluded URLs",
            context => EditAsync(context, live),
            new CommandOptions
            {
                Description = "Changes which requests are left out of the traces, until the AppHost ends.",
                IconName = "Filter",
                Arguments =
                [
                    live.PatternsInput,
                    new InteractionInput { Name = Reset, Label = "Reset to the list in the AppHost's code", InputType = InputType.Boolean, Value = "false" },
                ],
                ValidateArguments = context => ValidatePatterns(context, live),
            });
    }

    /// <summary>
    /// A sentence that is the message, which the dashboard keeps among its notifications, and the value, for of a command that succeeds
    /// the command line prints nothing else: https://github.com/microsoft/aspire/blob/v13.5.2/src/Aspire.Cli/Commands/ResourceCommandHelper.cs
    /// </summary>
    /// <param name="sentence">The answer.</param>
    /// <param name="displayImmediately">Whether the dashboard shows it in a dialog, unasked.</param>
    public static ExecuteCommandResult Answer(string sentence, bool displayImmediately = false) =>
        CommandResults.Success(sentence, sentence, CommandResultFormat.Text, displayImmediately);

    /// <summary>WithCommand would take the place of a command that the user gave this name.</summary>
    private static void Add(
        IResourceBuilder<IResource> builder, string name, string displayName, Func<ExecuteCommandContext, Task<ExecuteCommandResult>> execute, CommandOptions options)
    {
        if (!builder.Resource.Annotations.OfType<ResourceCommandAnnotation>().Any(command => command.Name == name))
        {
            builder.WithCommand(name, displayName, execute, options);
        }
    }

    private static Task<ExecuteCommandResult> EditAsync(ExecuteCommandContext context, LiveResource live)
    {
        if (IsReset(context.Arguments))
        {
            live.List.Reset();
        }
        else
        {
            live.List.Edit(ExclusionListFormat.Parse(context.Arguments[live.PatternsInput.Name].Value, out _));
        }

        return live.ApplyAsync(context);
    }

    private static Task ValidateUrl(InputsDialogValidationContext context)
    {
        var input = context.Inputs[Url];
        if (!UrlTest.IsUrl(input.Value ?? ""))
        {
            context.AddValidationError(input, $"'{input.Value}' is neither a path, which starts with a slash, nor an http or https URL.");
        }

        return Task.CompletedTask;
    }

    private static Task ValidatePatterns(InputsDialogValidationContext context, LiveResource live)
    {
        var input = context.Inputs[live.PatternsInput.Name];
        foreach (var error in IsReset(context.Inputs) ? [] : GetErrors(input.Value, live))
        {
            context.AddValidationError(input, error);
        }

        return Task.CompletedTask;
    }

    private static List<string> GetErrors(string? list, LiveResource live)
    {
        var patterns = ExclusionListFormat.Parse(list, out var error);
        if (error is not null)
        {
            return [$"The list can't be read: {error}"];
        }

        var errors = new List<string>();
        foreach (var pattern in patterns)
        {
            if (!ExclusionPattern.Validate(pattern, out var reason))
            {
                errors.Add($"The pattern '{pattern}' can't be read: {reason}");
            }
        }

        if (errors.Count == 0 && !live.CanBeToldOf(patterns, out var tooLong))
        {
            errors.Add(tooLong);
        }

        return errors;
    }

    private static bool IsReset(InteractionInputCollection inputs) => bool.TryParse(inputs[Reset].Value, out var reset) && reset;
}
