using System.Collections;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.Variables;

/// <summary>The lists that the variables of a resource contain in run mode, before the AppHost's list is joined to them.</summary>
/// <param name="Names">The variables.</param>
/// <param name="Urls">Their items, without invalid ones.</param>
/// <param name="SecretSources">Variables with a secret value, and the file that gets such a value, as a service names its sources.</param>
internal sealed record UserLists(IReadOnlyList<string> Names, IReadOnlyList<ListedUrl> Urls, IReadOnlyList<string> SecretSources)
{
    /// <summary>
    /// Reads the lists, and replaces values by their texts. A secret value of .NET's variable stays, because Aspire masks only whole
    /// values. Adds warnings about items that are ignored.
    /// </summary>
    public static async Task<UserLists> ReadAsync(IResource resource, EnvironmentCallbackContext context, List<string> warnings)
    {
        var variables = context.EnvironmentVariables;
        var language = Language.Of(resource);
        if (!resource.IsContainer())
        {
            AddInherited(variables, language);
        }

        string[] names = [.. variables.Keys.Where(name => VariableNames.IsExcludedUrls(name, language))];
        string[] secrets = [.. variables.Where(variable => IsSecret(variable.Value)).Select(variable => variable.Key)];
        var urls = new List<ListedUrl>();
        foreach (var name in names)
        {
            var isSecret = secrets.Contains(name);
            var text = variables[name] as string;
            if (variables[name] is IValueProvider provider)
            {
                // The address of an endpoint depends on the resource that calls it.
                var caller = new ValueProviderContext { Caller = resource, ExecutionContext = context.ExecutionContext };
                text = await provider.GetValueAsync(caller, context.CancellationToken).ConfigureAwait(false) ?? "";
                variables[name] = isSecret && name == VariableNames.DotNetExcludedUrls ? provider : text;
            }

            // The user's own file replaces the variable.
            if (name != VariableNames.DotNetExcludedUrls || !variables.ContainsKey(VariableNames.ExclusionsFile))
            {
                urls.AddRange(Parse(resource.Name, name, text, isSecret, warnings));
            }
        }

        // The file has the items of .NET's variable, too.
        string[] secretFiles = secrets.Contains(VariableNames.DotNetExcludedUrls) ? [VariableNames.ExclusionsFile] : [];
        return new UserLists(names, urls, [.. secrets.Concat(secretFiles).Select(ToSource)]);
    }

    // A process inherits the variables of the AppHost, unless they are set for it.
    private static void AddInherited(Dictionary<string, object> variables, Language language)
    {
        foreach (var (name, value) in Environment.GetEnvironmentVariables().Cast<DictionaryEntry>())
        {
            if (name is string text && value is not null && VariableNames.IsExcludedUrls(text, language))
            {
                variables.TryAdd(text, value);
            }
        }
    }

    private static bool IsSecret(object value) => value switch
    {
        string or EndpointReference or EndpointReferenceExpression => false,
        ParameterResource parameter => parameter.Secret,
        ReferenceExpression expression => expression.ValueProviders.Any(IsSecret),
        _ => true,
    };

    private static List<ListedUrl> Parse(
        string resourceName, string variable, string? text, bool isSecret, List<string> warnings)
    {
        if (variable != VariableNames.DotNetExcludedUrls)
        {
            return [.. ExclusionVariables.ParsePython(text).Select(pattern => new ListedUrl(pattern, variable, isSecret))];
        }

        var urls = new List<ListedUrl>();
        var patterns = ExclusionListFormat.Parse(text, out var error);
        if (error is not null)
        {
            warnings.Add($"The value of {variable} in '{resourceName}' could not be read and was ignored: {error}");
        }

        foreach (var pattern in patterns)
        {
            var url = new ListedUrl(pattern, variable, isSecret);
            if (ExclusionPattern.Validate(pattern, out var reason))
            {
                urls.Add(url);
            }
            else
            {
                // A service ignores a file that has an invalid item. The reason can contain the item.
                var why = isSecret ? "." : $": {reason}";
                warnings.Add($"The item '{url.Display}' of {variable} in '{resourceName}' is invalid and was ignored{why}");
            }
        }

        return urls;
    }

    // A service names the configuration key, which has a colon for each two underscores, and no index of an array.
    private static string ToSource(string variable) =>
        (variable.StartsWith(VariableNames.SettingsExcludedUrls, StringComparison.OrdinalIgnoreCase)
            ? VariableNames.SettingsExcludedUrls
            : variable).Replace("__", ":", StringComparison.Ordinal);
}
