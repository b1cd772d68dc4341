using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.Hosting.RouteTracing.Headers;
using Aspire.Hosting.RouteTracing.LiveExclusions;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.Variables;

/// <summary>Puts the variables into a resource's environment, whatever else does so and in whatever order.</summary>
internal static class RouteTracingEnvironment
{
    /// <summary>
    /// Makes the variables the last thing that is decided, for only what comes last sees everybody's values. May be called again,
    /// and has to be when others may have added something since.
    /// </summary>
    public static void Attach(IResource resource, AppRouteTracing appRouteTracing)
    {
        var samplersAdded = AddSamplers(resource, appRouteTracing);
        var last = resource.Annotations.OfType<EnvironmentCallbackAnnotation>().LastOrDefault();
        if (last is VariablesAnnotation && !samplersAdded)
        {
            return;
        }

        foreach (var annotation in resource.Annotations.OfType<VariablesAnnotation>().ToArray())
        {
            resource.Annotations.Remove(annotation);
        }

        resource.Annotations.Add(new VariablesAnnotation(context => SetVariablesAsync(context, appRouteTracing)));
    }

    /// <summary>The resource as the exclusions see it, with the variables given.</summary>
    public static TracedResource Describe(IResource resource, AppRouteTracing appRouteTracing, IReadOnlyDictionary<string, object> variables)
    {
        resource.TryGetLastAnnotation<RouteTracingAnnotation>(out var own);
        resource.TryGetLastAnnotation<LiveResource>(out var live);
        var hasTelemetry = resource.HasAnnotationOfType<OtlpExporterAnnotation>();
        var appWide = hasTelemetry && own is not { IgnoresAppWideList: true } ? appRouteTracing.Exclusions : null;
        var healthChecks = own?.Exclusions.HealthChecks is true || appWide?.HealthChecks is true ? HealthCheckPaths.Of(resource) : [];
        var described = new TracedResource
        {
            Name = resource.Name,
            Language = ResourceLanguages.Of(resource),
            AppWideExcludedUrls = appWide?.Patterns ?? [],
            ExcludedUrls = own?.Exclusions.Patterns ?? [],
            HealthCheckPaths = [.. healthChecks],
            CapturedRequestHeaders = NamesOf(headers => headers.Request),
            CapturedResponseHeaders = NamesOf(headers => headers.Response),
            SanitizedHeaders = NamesOf(headers => headers.Sanitized),
            ExclusionKey = hasTelemetry || own is { Exclusions.IsEmpty: false } ? appRouteTracing.GetExclusionKey(resource) : null,
            PresentVariables = variables,
            Carriers = appRouteTracing.Carriers,
        };

        return live?.List.Edited is { } edited ? described with { AppWideExcludedUrls = [], ExcludedUrls = edited, HealthCheckPaths = [] } : described;

        IReadOnlyList<string> NamesOf(Func<DeclaredHeaders, HeaderNames> select) =>
            [.. hasTelemetry ? select(appRouteTracing.Headers).Names : [], .. own is null ? [] : select(own.Headers).Names];
    }

    private static async Task SetVariablesAsync(EnvironmentCallbackContext context, AppRouteTracing appRouteTracing)
    {
        var variables = context.EnvironmentVariables;
        if (variables.Count == 0)
        {
            await ReplayAsync(context).ConfigureAwait(false);
        }

        context.Resource.TryGetLastAnnotation<LiveResource>(out var live);
        if (live is not null)
        {
            await PrepareAsync(live, variables, context.CancellationToken).ConfigureAwait(false);
        }

        var resource = Describe(context.Resource, appRouteTracing, variables);
        IReadOnlyList<ListedUrl> users = live is null ? [] : GetUsersUrls(resource, appRouteTracing);
        var told = RouteTracingVariables.For(resource);
        appRouteTracing.Warn(told.Warnings);
        foreach (var (name, value) in told.Values)
        {
            variables[name] = value is JoinedValue joined ? ToExpression(joined) : value;
        }

        if (live is not null)
        {
            if (live.List.Edited is null)
            {
                live.List.Declare([.. users.Concat(resource.ListedUrls).DistinctBy(url => url.Pattern, StringComparer.Ordinal)]);
            }

            if (live.FilePath is { } path)
            {
                live.WriteFile();
                live.FollowsFile = variables.TryAdd(VariableNames.ExclusionsFile, path);
            }

            await live.ShowAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Makes the user's lists known, for the file stands in their place, and empties them where an edited list does.</summary>
    private static async Task PrepareAsync(LiveResource live, Dictionary<string, object> variables, CancellationToken cancellationToken)
    {
        foreach (var name in variables.Keys.Where(VariableNames.IsExcludedUrls).ToArray())
        {
            if (live.List.Edited is not null)
            {
                variables[name] = "";
            }
            else if (variables[name] is IValueProvider provider)
            {
                variables[name] = await provider.GetValueAsync(cancellationToken).ConfigureAwait(false) ?? "";
            }
        }
    }

    private static List<ListedUrl> GetUsersUrls(TracedResource resource, AppRouteTracing appRouteTracing)
    {
        if (resource.Language == ResourceLanguage.Python)
        {
            return [.. resource.GetPresentItems(VariableNames.PythonExcludedUrls).Select(item => new ListedUrl(item, VariableNames.PythonExcludedUrls))];
        }

        // A file that the user names stands in the place of the variable.
        if (resource.PresentVariables.ContainsKey(VariableNames.ExclusionsFile))
        {
            return [];
        }

        // A service takes no file that has a bad item.
        var users = new List<ListedUrl>();
        foreach (var pattern in ExclusionListFormat.Parse(resource.PresentVariables.GetValueOrDefault(VariableNames.DotNetExcludedUrls) as string, out _))
        {
            if (ExclusionPattern.Validate(pattern, out var reason))
            {
                users.Add(new ListedUrl(pattern, VariableNames.DotNetExcludedUrls));
            }
            else
            {
                appRouteTracing.Warn([$"The item '{pattern}' of {VariableNames.DotNetExcludedUrls} in '{resource.Name}' excludes nothing: {reason}"]);
            }
        }

        return users;
    }

    /// <summary>
    /// Aspire keeps what each callback returned, the variables so far, and doesn't call it again until the resource is restarted. A callback
    /// added after a first evaluation therefore finds no variables, and its result would stand for all, so the others are called here.
    /// https://github.com/microsoft/aspire/blob/v13.5.2/src/Aspire.Hosting/ApplicationModel/EnvironmentVariablesConfigurationGatherer.cs
    /// </summary>
    private static async Task ReplayAsync(EnvironmentCallbackContext context)
    {
        foreach (var annotation in context.Resource.Annotations.OfType<EnvironmentCallbackAnnotation>().ToArray())
        {
            if (annotation is not VariablesAnnotation)
            {
                await annotation.Callback(context).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// In Development Aspire sets a sampler that asks no parent, so a service behind an excluded request would go on tracing, whether something is
    /// excluded in that service itself or not. Its callback follows the annotation; right after it the value can only be Aspire's, and what the
    /// user sets later still wins.
    /// https://github.com/microsoft/aspire/blob/v13.5.2/src/Aspire.Hosting/OtlpConfigurationExtensions.cs
    /// </summary>
    private static bool AddSamplers(IResource resource, AppRouteTracing appRouteTracing)
    {
        var added = false;
        for (var i = 0; i + 1 < resource.Annotations.Count; i++)
        {
            if (resource.Annotations[i] is OtlpExporterAnnotation
                && resource.Annotations[i + 1] is EnvironmentCallbackAnnotation
                && resource.Annotations.ElementAtOrDefault(i + 2) is not SamplerAnnotation)
            {
                resource.Annotations.Insert(i + 2, new SamplerAnnotation(context => AskParent(context, appRouteTracing)));
                added = true;
            }
        }

        return added;
    }

    private static Task AskParent(EnvironmentCallbackContext context, AppRouteTracing appRouteTracing)
    {
        if (appRouteTracing.ExclusionKey is not null && context.EnvironmentVariables.GetValueOrDefault(VariableNames.TracesSampler) is VariableNames.AspireTracesSampler)
        {
            context.EnvironmentVariables[VariableNames.TracesSampler] = VariableNames.ParentBasedTracesSampler;
        }

        return Task.CompletedTask;
    }

    private static ReferenceExpression ToExpression(JoinedValue joined)
    {
        var expression = new ReferenceExpressionBuilder();
        expression.AppendValueProvider(joined.Value);

        // What is appended is taken for a format string, braces and all.
        expression.AppendLiteral(joined.Text.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal));
        return expression.Build();
    }

    private sealed class VariablesAnnotation(Func<EnvironmentCallbackContext, Task> callback) : EnvironmentCallbackAnnotation(callback);

    private sealed class SamplerAnnotation(Func<EnvironmentCallbackContext, Task> callback) : EnvironmentCallbackAnnotation(callback);
}
