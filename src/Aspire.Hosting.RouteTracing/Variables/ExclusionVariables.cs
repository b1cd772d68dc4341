using System.Text;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.Hosting.RouteTracing.Python;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.Variables;

/// <summary>Writes a resource's list into the variables that its language reads, joined to the lists that they hold.</summary>
/// <param name="resource">The resource.</param>
/// <param name="carriers">What carries the variables to the service.</param>
/// <param name="variables">The resource's variables. A value that isn't a string is known only when the resource is deployed.</param>
/// <param name="hasUsersFile">
/// Whether the user names a file with excluded URLs, which replaces <see cref="VariableNames.DotNetExcludedUrls"/>.
/// </param>
internal sealed class ExclusionVariables(
    IResource resource, IReadOnlyList<VariableCarrier> carriers, Dictionary<string, object> variables, bool hasUsersFile)
{
    /// <summary>
    /// The bytes of UTF-8 that a list can have. On Windows, name and value of a variable can have 32,767 characters together; see
    /// https://learn.microsoft.com/windows/win32/api/processenv/nf-processenv-setenvironmentvariablew
    /// </summary>
    public const int MaxListSize = 32_000;

    private readonly Language _language = Language.Of(resource);
    private readonly List<string> _warnings = [];

    /// <returns>The warnings about patterns and lists that the resource doesn't get.</returns>
    /// <exception cref="InvalidOperationException">A list is longer than <see cref="MaxListSize"/>.</exception>
    public IReadOnlyList<string> Write(IReadOnlyList<ListedUrl> list)
    {
        if (list.Count == 0)
        {
            return [];
        }

        if (!_language.ReadsExcludedUrls)
        {
            _warnings.Add(
                $"The excluded URLs of '{resource.Name}' were ignored because OpenTelemetry for {_language.Name} "
                + "reads no list of excluded URLs. Exclude them in the service. To remove this warning, remove WithExcludedUrls() from "
                + $"'{resource.Name}', or call WithoutAppWideExclusions() if the list is app-wide.");
        }

        if (_language.ReadsDotNetVariables)
        {
            WriteForDotNet([.. list.Where(url => !url.IsForPython).Select(url => url.Pattern)]);
        }

        if (_language.ReadsPythonVariables)
        {
            WriteForPython(list);
        }

        return _warnings;
    }

    // Into the first variable whose value is known: a service adds up the lists of all of them.
    private void WriteForDotNet(IReadOnlyList<string> patterns)
    {
        string[] names = [VariableNames.DotNetExcludedUrls, VariableNames.AspNetCoreExcludedUrls, VariableNames.SettingsExcludedUrls];
        foreach (var name in hasUsersFile ? names[1..] : names)
        {
            var text = variables.GetValueOrDefault(name, "") as string;
            var present = ExclusionListFormat.Parse(text, out var error);
            if (text is null || error is not null)
            {
                continue;
            }

            if (patterns.Except(present, StringComparer.Ordinal).ToArray() is { Length: > 0 } missing)
            {
                string[] all = [.. present, .. missing];
                var list = ExclusionListFormat.Write(all);
                Set(name, VariableCarrier.Preserve(carriers, list) ? list : ExclusionListFormat.WriteBase64(all));
            }

            return;
        }

        _warnings.Add(
            $"The excluded URLs of '{resource.Name}' were ignored because {VariableNames.DotNetExcludedUrls}, "
            + $"{VariableNames.AspNetCoreExcludedUrls} and {VariableNames.SettingsExcludedUrls} all have values that are known only when "
            + "it is deployed, or that can't be read. Leave one of them unset.");
    }

    // Into the general list, and into those that replace it for one instrumentation.
    private void WriteForPython(IReadOnlyList<ListedUrl> list)
    {
        var texts = new List<string>();
        foreach (var url in list)
        {
            var (text, reason) = (url.Pattern, "");
            if ((url.IsForPython || PythonPattern.TryWrite(url.Pattern, out text, out reason)) && VariableCarrier.Preserve(carriers, text))
            {
                texts.Add(text);
            }
            else
            {
                reason = url.IsSecret ? "it can't be written in Python's syntax"
                    : reason is "" ? $"the target would change '{text}', the pattern in Python's syntax"
                    : reason;
                var reader = _language == Language.Python ? $"'{resource.Name}'" : $"'{resource.Name}' if it is a Python service";
                _warnings.Add($"The pattern '{url.Display}' can't be used in {reader}: {reason}.");
            }
        }

        string[] names = [VariableNames.PythonExcludedUrls, .. variables.Keys.Where(VariableNames.IsSpecificPythonExcludedUrls)];
        foreach (var name in names)
        {
            var present = variables.GetValueOrDefault(name, "");
            if (texts.Except(ParsePython(present), StringComparer.Ordinal).ToArray() is not { Length: > 0 } missing)
            {
                continue;
            }

            if (present is string)
            {
                Set(name, string.Join(',', ParsePython(present).Concat(missing)));
                continue;
            }

            variables[name] = Append(present, $",{string.Join(',', missing)}");
            _warnings.Add(
                $"If '{resource.Name}' is deployed with an empty value of {name}, Python excludes every request, because the list then "
                + "starts with a comma. Set it to at least one pattern.");
        }
    }

    /// <summary>
    /// Reads a list as Python does, which splits at every comma. A value that is known only when it is deployed has no items yet.
    /// </summary>
    public static IReadOnlyList<string> ParsePython(object? value) =>
        (value as string)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static ReferenceExpression Append(object value, string text)
    {
        var expression = new ReferenceExpressionBuilder();
        expression.AppendValueProvider(value);

        // A literal is a format string.
        expression.AppendLiteral(text.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal));
        return expression.Build();
    }

    private void Set(string name, string text)
    {
        if (Encoding.UTF8.GetByteCount(text) is var length and > MaxListSize)
        {
            throw new InvalidOperationException(
                $"The list of excluded URLs for '{resource.Name}' is too long: {name} would have {length} bytes, and the limit is "
                + $"{MaxListSize}. Combine several URLs into one pattern, or exclude them in the service.");
        }

        variables[name] = text;
    }
}
