using System.Text;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Headers;

namespace Aspire.Hosting.RouteTracing.Variables;

/// <summary>The variables that tell a resource what not to trace.</summary>
internal sealed class RouteTracingVariables
{
    /// <summary>
    /// In bytes of UTF-8. Windows lets a variable have 32,767 characters, its name, the equals sign and the end included; Linux 128 KB.
    /// https://learn.microsoft.com/windows/win32/api/processenv/nf-processenv-setenvironmentvariablew
    /// </summary>
    public const int MaxListSize = 32_000;

    private readonly TracedResource _resource;
    private readonly Dictionary<string, object> _values = [];
    private readonly List<string> _warnings = [];

    private RouteTracingVariables(TracedResource resource) => _resource = resource;

    /// <summary>The variables to set: strings, the <see cref="TracedResource.ExclusionKey"/> as it was given, or a <see cref="JoinedValue"/>.</summary>
    public IReadOnlyDictionary<string, object> Values => _values;

    /// <summary>What the resource can't be told, each a sentence or two for the log.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <exception cref="InvalidOperationException">A list is longer than <see cref="MaxListSize"/>.</exception>
    public static RouteTracingVariables For(TracedResource resource)
    {
        var variables = new RouteTracingVariables(resource);
        var hasRootHealthCheck = resource.HealthCheckPaths.Any(path => HealthCheckPath.ToPattern(path) is null);
        if (!resource.Language.ReadsExcludedUrls && (resource.HasExclusions || hasRootHealthCheck))
        {
            variables._warnings.Add(
                $"The requests to '{resource.Name}' stay in the traces: OpenTelemetry for {resource.Language} reads no list of excluded URLs. "
                + "Exclude them in its own code; WithoutExcludedUrls() takes it out of the app-wide list.");
        }
        else if (hasRootHealthCheck && !resource.ExcludesRoot)
        {
            variables._warnings.Add(
                $"The health check of '{resource.Name}' stays in the traces, for it requests '/', which is a page of the application, too. "
                + "WithExcludedUrls(\"^/$\") excludes both.");
        }

        if (resource.HasExclusions)
        {
            variables.Exclude([.. resource.ListedUrls.Select(url => url.Pattern)]);
        }

        variables.NameHeaders(VariableNames.CapturedRequestHeaders, resource.CapturedRequestHeaders);
        variables.NameHeaders(VariableNames.CapturedResponseHeaders, resource.CapturedResponseHeaders);
        variables.NameHeaders(VariableNames.SanitizedHeaders, variables.GetSanitizedHeaders());

        if (resource.ExclusionKey is { } key && resource.Language.ReadsDotNetVariables && !resource.PresentVariables.ContainsKey(VariableNames.ExclusionKey))
        {
            variables._values[VariableNames.ExclusionKey] = key;
        }

        return variables;
    }

    private void Exclude(string[] patterns)
    {
        if (_resource.Language.ReadsDotNetVariables)
        {
            ExcludeInDotNet(patterns);
        }

        if (_resource.Language.ReadsPythonVariables)
        {
            ExcludeInPython(patterns);
        }
    }

    /// <summary>Joins the patterns to the list in the first variable whose list is known, for Aspire.RouteTracing adds them all up.</summary>
    private void ExcludeInDotNet(string[] patterns)
    {
        string[] names = [VariableNames.DotNetExcludedUrls, VariableNames.AspNetCoreExcludedUrls, VariableNames.SettingsExcludedUrls];

        // A file that the user names stands in the place of the first.
        foreach (var name in _resource.PresentVariables.ContainsKey(VariableNames.ExclusionsFile) ? names[1..] : names)
        {
            var present = _resource.PresentVariables.GetValueOrDefault(name, "");
            if (present is not string presentText || ExclusionListFormat.Parse(presentText, out var error) is var items && error is not null)
            {
                continue;
            }

            if (patterns.Except(items, StringComparer.Ordinal).ToArray() is { Length: > 0 } missing)
            {
                string[] all = [.. items, .. missing];
                var text = ExclusionListFormat.Write(all);
                Set(name, _resource.Carriers.Preserve(text) ? text : ExclusionListFormat.WriteBase64(all));
            }

            return;
        }

        _warnings.Add(
            $"Nothing more is excluded in '{_resource.Name}': the values of {VariableNames.DotNetExcludedUrls}, {VariableNames.AspNetCoreExcludedUrls} "
            + $"and {VariableNames.SettingsExcludedUrls} are all known only where it is deployed, or can't be read. Leave one of them unset.");
    }

    /// <summary>Joins the patterns to the general list and to those that hide it from one instrumentation.</summary>
    private void ExcludeInPython(string[] patterns)
    {
        var texts = new List<string>();
        foreach (var pattern in patterns)
        {
            if (PythonPattern.TryWrite(pattern, out var text, out var reason) && _resource.Carriers.Preserve(text))
            {
                texts.Add(text);
            }
            else
            {
                reason = reason is "" ? $"the deployment would not carry '{text}', as Python has it, unchanged" : reason;
                _warnings.Add($"The pattern '{pattern}' is left out of '{_resource.Name}', which is or may be a Python service: {reason}.");
            }
        }

        string[] names = [VariableNames.PythonExcludedUrls, .. _resource.PresentVariables.Keys.Where(VariableNames.IsSpecificPythonExcludedUrls)];
        foreach (var name in names)
        {
            Join(name, texts);
            if (_values.GetValueOrDefault(name) is JoinedValue)
            {
                _warnings.Add(
                    $"Where '{_resource.Name}', which is or may be a Python service, is deployed with an empty value before the comma in {name}, it excludes every request. "
                    + "Give that value a pattern.");
            }
        }
    }

    /// <summary>Of the headers that carry secrets .NET services know by themselves, Python services have to be told.</summary>
    private IReadOnlyList<string> GetSanitizedHeaders() =>
        _resource.Language.ReadsPythonVariables && _resource.CapturedRequestHeaders.Count + _resource.CapturedResponseHeaders.Count > 0
            ? [.. SensitiveHeaders.Names, .. _resource.SanitizedHeaders]
            : _resource.SanitizedHeaders;

    private void NameHeaders(string variable, IReadOnlyList<string> names)
    {
        if (names.Count > 0 && !_resource.Language.ReadsExcludedUrls)
        {
            _warnings.Add($"'{_resource.Name}' is not told which headers to capture: OpenTelemetry for {_resource.Language} doesn't read {variable}.");
            return;
        }

        foreach (var name in names.Where(name => !_resource.Carriers.Preserve(name)))
        {
            _warnings.Add($"The header's name '{name}' is left out of '{_resource.Name}', for the deployment would not carry it unchanged. Say it without special characters.");
        }

        Join(variable, [.. names.Where(name => _resource.Carriers.Preserve(name))]);
    }

    /// <summary>Joins items that have no comma of their own to what the variable lists already.</summary>
    private void Join(string variable, IReadOnlyList<string> items)
    {
        var present = _resource.PresentVariables.GetValueOrDefault(variable, "");
        var presentItems = _resource.GetPresentItems(variable);
        if (items.Except(presentItems, StringComparer.Ordinal).ToArray() is not { Length: > 0 } missing)
        {
            return;
        }

        if (present is string)
        {
            Set(variable, string.Join(',', presentItems.Concat(missing)));
        }
        else
        {
            _values[variable] = new JoinedValue(present, $",{string.Join(',', missing)}");
        }
    }

    private void Set(string name, string text)
    {
        if (Encoding.UTF8.GetByteCount(text) is var length and > MaxListSize)
        {
            throw new InvalidOperationException(
                $"A list for '{_resource.Name}' is too long: {name} would have {length} bytes, and the limit is {MaxListSize}. "
                + "Say several of its items with one pattern, or say them in the service.");
        }

        _values[name] = text;
    }
}
