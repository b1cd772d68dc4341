using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.Hosting.RouteTracing.LiveList;

namespace Aspire.Hosting.RouteTracing.Variables;

/// <summary>Sets the variables of a resource when its environment is evaluated.</summary>
internal static class ExclusionEnvironment
{
    /// <summary>Makes this the last callback of the environment, because only the last one sees the values of all others.</summary>
    public static void Attach(IResource resource, AppExclusions app)
    {
        if (resource.Annotations.OfType<EnvironmentCallbackAnnotation>().LastOrDefault() is ExclusionVariablesAnnotation)
        {
            return;
        }

        foreach (var annotation in resource.Annotations.OfType<ExclusionVariablesAnnotation>().ToArray())
        {
            resource.Annotations.Remove(annotation);
        }

        // Captures the resource, because the context of a tool may have none.
        resource.Annotations.Add(new ExclusionVariablesAnnotation(context => SetVariablesAsync(context, resource, app)));
    }

    private static async Task SetVariablesAsync(EnvironmentCallbackContext context, IResource resource, AppExclusions app)
    {
        var variables = context.EnvironmentVariables;
        if (variables.Count == 0)
        {
            await ReplayAsync(context, resource).ConfigureAwait(false);
        }

        // Replaces the user's own value, too.
        if (AppExclusions.ExportsTelemetry(resource)
            && !app.IsEmpty
            && variables.TryGetValue(VariableNames.TracesSampler, out var sampler)
            && await IsAlwaysOnAsync(sampler, context).ConfigureAwait(false))
        {
            variables[VariableNames.TracesSampler] = VariableNames.ParentBasedAlwaysOn;
        }

        var list = app.GetList(resource);
        var warnings = new List<string>();
        var hasUsersFile = variables.ContainsKey(VariableNames.ExclusionsFile);
        if (resource.TryGetLastAnnotation<LiveResource>(out var live))
        {
            list = await live.PrepareAsync(list, context, warnings).ConfigureAwait(false);
        }

        warnings.AddRange(new ExclusionVariables(resource, app.Carriers, variables, hasUsersFile).Write(list));
        app.SetWarnings(resource, warnings);
        if (live is not null)
        {
            await live.Property.RefreshAsync().ConfigureAwait(false);
        }
    }

    // When publishing, a parameter has no value yet.
    private static async Task<bool> IsAlwaysOnAsync(object sampler, EnvironmentCallbackContext context)
    {
        var text = sampler is IValueProvider provider && context.ExecutionContext.IsRunMode
            ? await provider.GetValueAsync(context.CancellationToken).ConfigureAwait(false)
            : sampler as string;
        return string.Equals(text, VariableNames.AlwaysOn, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>
    /// Aspire caches the variables after each callback until the resource is restarted. A callback that is attached after a first
    /// evaluation therefore finds no variables, and its result replaces all others, so the other callbacks are called again. See
    /// https://github.com/microsoft/aspire/blob/v13.6.5/src/Aspire.Hosting/ApplicationModel/EnvironmentVariablesConfigurationGatherer.cs
    /// </summary>
    private static async Task ReplayAsync(EnvironmentCallbackContext context, IResource resource)
    {
        var callbacks = resource.Annotations.OfType<EnvironmentCallbackAnnotation>();
        foreach (var annotation in callbacks.Where(callback => callback is not ExclusionVariablesAnnotation).ToArray())
        {
            await annotation.Callback(context).ConfigureAwait(false);
        }
    }

    private sealed class ExclusionVariablesAnnotation(
        Func<EnvironmentCallbackContext, Task> callback) : EnvironmentCallbackAnnotation(callback);
}
