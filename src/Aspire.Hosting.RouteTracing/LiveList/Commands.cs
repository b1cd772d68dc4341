using System.Text.Encodings.Web;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>
/// The commands of a resource: <c>test-url</c> and <c>edit-excluded-urls</c>. Each can also be run for all resources at once.
/// </summary>
internal static class Commands
{
    private const string Edit = "edit-excluded-urls";
    private const string Url = "url";
    private const string Add = "add";
    private const string Remove = "remove";
    private const string Patterns = "patterns";
    private const string Reset = "reset";
    private const string AllResources = "all-resources";

    // Not a valid pattern, so it names no item.
    private const string Everything = "*";

    public static void AddTo(IResourceBuilder<IResource> builder, LiveResource live, AppExclusions app)
    {
        if (!live.Language.ReadsExcludedUrls)
        {
            return;
        }

        AddCommand(
            builder,
            "test-url",
            "Test excluded URLs",
            context => Task.FromResult(
                Answer(true, GetLives(context.Arguments).Select(other => UrlTest.Answer(context.Arguments[Url].Value!, other)))),
            new CommandOptions
            {
                Description = "Tests whether a URL is excluded from the traces, and by which pattern.",
                IconName = "Search",
                Arguments =
                [
                    new InteractionInput
                    {
                        Name = Url, Label = "URL or path", InputType = InputType.Text, Required = true, Placeholder = "/health",
                    },
                    CreateAllResourcesInput("Test the lists of all resources"),
                ],
                ValidateArguments = context =>
                {
                    if (!UrlTest.IsUrl(context.Inputs[Url].Value))
                    {
                        context.AddValidationError(
                            context.Inputs[Url],
                            $"'{context.Inputs[Url].Value}' is neither a path that starts with a slash nor an http or https URL, or it "
                            + "contains %00.");
                    }

                    return Task.CompletedTask;
                },
            });
        AddCommand(
            builder,
            Edit,
            "Edit excluded URLs",
            context => EditAsync(context, GetLives(context.Arguments)),
            new CommandOptions
            {
                Description = "Changes which requests are excluded from the traces, until the AppHost ends.",
                IconName = "Filter",
                Arguments = live.EditInputs,
                ValidateArguments = context =>
                {
                    Validate(context, GetLives(context.Inputs));
                    return Task.CompletedTask;
                },
            });

        IReadOnlyList<LiveResource> GetLives(InteractionInputCollection inputs) =>
            IsSet(inputs, AllResources) ? [.. app.Live.Where(other => other.Language.ReadsExcludedUrls)] : [live];
    }

    /// <summary>
    /// Creates the arguments of the edit command, which describe the current list, one pattern per line. The inputs are empty, because an
    /// input of Aspire has one line and is selected when it gets the focus, so the first key would delete the list.
    /// </summary>
    public static InteractionInput[] CreateEditInputs(LiveResource live) =>
        [
            new()
            {
                Name = Add,
                Label = "Add patterns",
                Description = DescribeList(live),
                EnableDescriptionMarkdown = true,
                InputType = InputType.Text,
                Placeholder = "^/health$, ^/favicon",
            },
            new()
            {
                Name = Remove,
                Label = "Remove patterns",
                InputType = InputType.Choice,
                AllowCustomChoice = true,
                // The dashboard refuses two options with the same key. Python's patterns aren't validated, and two can be written alike.
                Options =
                [
                    .. live.Current.Where(url => !url.IsSecret)
                        .Select(url => KeyValuePair.Create(ExclusionListFormat.Write([url.Pattern]), url.Pattern))
                        .Where(option => option.Key != Everything)
                        .DistinctBy(option => option.Key),
                    KeyValuePair.Create(Everything, "All patterns"),
                ],
            },
            new()
            {
                Name = Patterns,
                Label = "Replace the list",
                InputType = InputType.Text,
                Placeholder = "All patterns of the new list, separated by commas",
            },
            new() { Name = Reset, Label = "Reset to the list that the AppHost declares", InputType = InputType.Boolean, Value = "false" },
            CreateAllResourcesInput("Edit the lists of all resources"),
        ];

    /// <summary>
    /// Returns the state of a resource with the arguments of its edit command. As a new object, because Aspire publishes a state only if it
    /// differs.
    /// </summary>
    public static CustomResourceSnapshot WithEditInputs(CustomResourceSnapshot state, LiveResource live)
    {
        var isOwn = live.Resource.Annotations.OfType<ResourceCommandAnnotation>()
            .Any(command => command.Name == Edit && ReferenceEquals(command.Arguments, live.EditInputs));
        return !isOwn ? state : state with
        {
            Commands =
            [
                .. state.Commands.Select(
                    command => command.Name == Edit ? command with { Arguments = [.. live.EditInputs] } : command),
            ],
        };
    }

    private static string DescribeList(LiveResource live)
    {
        var state = live.IsEdited ? "Edited in this run. " : "";
        var list = live.Current.Count == 0
            ? "The list is empty."
            : $"Current list:\n\n{string.Join('\n', live.Current.Select(url => $"- {ToMarkdownCode(url.DisplayInList)}"))}";

        // The command line shows the description as the help of the option, without the label.
        return $"Patterns, separated by commas. {state}{list}";
    }

    // The delimiter must not occur in the text, and a line break could end the list.
    private static string ToMarkdownCode(string text)
    {
        text = text.ReplaceLineEndings("↵");
        var delimiter = "``";
        while (text.Contains(delimiter, StringComparison.Ordinal))
        {
            delimiter += '`';
        }

        return $"{delimiter} {text} {delimiter}";
    }

    private static InteractionInput CreateAllResourcesInput(string label) =>
        new() { Name = AllResources, Label = label, InputType = InputType.Boolean, Value = "false" };

    // WithCommand would replace a command of the user with this name.
    private static void AddCommand(
        IResourceBuilder<IResource> builder,
        string name,
        string displayName,
        Func<ExecuteCommandContext, Task<ExecuteCommandResult>> execute,
        CommandOptions options)
    {
        if (!builder.Resource.Annotations.OfType<ResourceCommandAnnotation>().Any(command => command.Name == name))
        {
            builder.WithCommand(name, displayName, execute, options);
        }
    }

    private static async Task<ExecuteCommandResult> EditAsync(ExecuteCommandContext context, IReadOnlyList<LiveResource> lives)
    {
        if (!IsEdit(context.Arguments))
        {
            return Answer(true, lives.Select(live => $"Excluded URLs of '{live.Name}'. {live.Property.Describe()}"));
        }

        var applied = await Task.WhenAll(lives.Select(live => EditAsync(context, live))).ConfigureAwait(false);
        return Answer(applied.All(result => result.Success), applied.Select(result => result.Text));
    }

    private static async Task<(bool Success, string Text)> EditAsync(ExecuteCommandContext context, LiveResource live)
    {
        var inputs = context.Arguments;
        context.CancellationToken.ThrowIfCancellationRequested();
        try
        {
            if (!live.Edit(IsSet(inputs, Reset) ? null : current => GetEdited(current, inputs), ReplacesAll(inputs)))
            {
                return (true, $"{Describe(live)} Nothing changed.");
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return (false, $"The list of '{live.Name}' was not changed: {exception.Message}");
        }

        var (success, text) = await EditConfirmation.ApplyAsync(live, restartsContainers: !IsSet(inputs, AllResources), context)
            .ConfigureAwait(false);
        await live.Property.RefreshAsync().ConfigureAwait(false);
        return (success, $"{Describe(live)} {text}{(success ? DescribeCode(live) : "")}");
    }

    // As a chained call, because the name of the variable in the AppHost is unknown.
    private static string DescribeCode(LiveResource live) =>
        live.Added is { Count: > 0 } added
            ? $"\nTo keep the added patterns, declare them on '{live.Name}': "
                + $".WithExcludedUrls({string.Join(", ", added.Select(ToLiteral))})"
            : "";

    // A JSON string is a literal in C# and TypeScript, too.
    private static string ToLiteral(string pattern) => $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(pattern)}\"";

    private static string Describe(LiveResource live) =>
        live.Current.Count == 0
            ? $"The list of '{live.Name}' is empty."
            : $"The list of '{live.Name}' is {ListedUrl.Join(live.Current)}.";

    private static void Validate(InputsDialogValidationContext context, IReadOnlyList<LiveResource> lives)
    {
        var inputs = context.Inputs;
        var replaces = IsGiven(inputs, Patterns);
        bool[] kinds = [replaces, IsSet(inputs, Reset), IsGiven(inputs, Add) || IsGiven(inputs, Remove)];
        if (kinds.Count(isGiven => isGiven) > 1)
        {
            context.AddValidationError(
                inputs[replaces ? Patterns : Reset], "Only 'add' and 'remove' can be combined. Use 'patterns' or 'reset' alone.");
            return;
        }

        string[] names = [Add, Remove, Patterns];
        var errors = names.SelectMany(name => FindErrors(inputs, name).Select(error => (Input: inputs[name], Text: error))).ToArray();
        if (errors.Length > 0)
        {
            Array.ForEach(errors, error => context.AddValidationError(error.Input, error.Text));
            return;
        }

        var known = lives.SelectMany(live => live.Current).Select(url => url.Pattern).Append(Everything);
        foreach (var pattern in GetPatterns(inputs, Remove).Except(known, StringComparer.Ordinal))
        {
            var own = lives.SelectMany(live => live.FindOwnItems()).FirstOrDefault(item => item.Pattern == pattern);
            context.AddValidationError(
                inputs[Remove],
                own is not null ? $"The pattern '{pattern}' can't be edited, because it comes from {own.Source} of the service."
                    : lives.Count == 1 ? $"The pattern '{pattern}' is not in the list. {Describe(lives[0])}"
                    : $"The pattern '{pattern}' is in none of the lists.");
        }

        if (IsSet(inputs, Reset))
        {
            return;
        }

        foreach (var obstacle in lives.SelectMany(live => live.FindObstacles(GetEdited(live.Current, inputs))))
        {
            context.AddValidationError(inputs[replaces ? Patterns : Add], obstacle);
        }
    }

    private static IEnumerable<string> FindErrors(InteractionInputCollection inputs, string name)
    {
        var patterns = ExclusionListFormat.Parse(inputs[name].Value, out var error);
        if (error is not null)
        {
            yield return $"The list can't be read: {error}";
        }
        else if (patterns.Count == 0 && IsGiven(inputs, name))
        {
            yield return $"'{inputs[name].Value}' contains no pattern. To remove all patterns, use 'remove' with '{Everything}'.";
        }

        // What isn't valid can be removed.
        foreach (var pattern in name == Remove ? [] : patterns)
        {
            if (!DeclaredExclusions.Validate(pattern, out var reason))
            {
                yield return $"The pattern '{pattern}' is invalid: {reason}";
            }
        }
    }

    private static bool ReplacesAll(InteractionInputCollection inputs) =>
        IsGiven(inputs, Patterns) || GetPatterns(inputs, Remove).Contains(Everything);

    private static IReadOnlyList<string> GetEdited(IReadOnlyList<ListedUrl> current, InteractionInputCollection inputs)
    {
        var kept = current.Select(url => url.Pattern).Except(GetPatterns(inputs, Remove), StringComparer.Ordinal);
        return [.. ReplacesAll(inputs) ? [] : kept, .. GetPatterns(inputs, Add), .. GetPatterns(inputs, Patterns)];
    }

    private static IReadOnlyList<string> GetPatterns(InteractionInputCollection inputs, string name) =>
        ExclusionListFormat.Parse(inputs[name].Value, out _);

    private static bool IsEdit(InteractionInputCollection inputs) =>
        IsGiven(inputs, Add) || IsGiven(inputs, Remove) || IsGiven(inputs, Patterns) || IsSet(inputs, Reset);

    private static bool IsGiven(InteractionInputCollection inputs, string name) => !string.IsNullOrWhiteSpace(inputs[name].Value);

    private static bool IsSet(InteractionInputCollection inputs, string name) => bool.TryParse(inputs[name].Value, out var value) && value;

    /// <summary>
    /// Returns sentences as the message, which the dashboard keeps in its notifications, and as the value, which the dashboard shows in a
    /// dialog and the command line prints:
    /// https://github.com/microsoft/aspire/blob/v13.6.5/src/Aspire.Cli/Commands/ResourceCommandHelper.cs
    /// </summary>
    private static ExecuteCommandResult Answer(bool success, IEnumerable<string> sentences)
    {
        var text = string.Join('\n', sentences);
        return success
            ? CommandResults.Success(text, text, CommandResultFormat.Text, displayImmediately: true)
            : CommandResults.Failure(text);
    }
}
