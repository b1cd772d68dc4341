using System.Text.RegularExpressions;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>Finds the path that an HTTP health check of Aspire asks, and makes the pattern that excludes it.</summary>
internal static partial class HealthCheckPath
{
    /// <summary>
    /// Reads the path from the key under which Aspire's <c>WithHttpHealthCheck</c> registers a check. The annotation holds nothing else
    /// (https://github.com/microsoft/aspire/blob/v13.5.2/src/Aspire.Hosting/ResourceBuilderExtensions.cs).
    /// </summary>
    /// <returns>The path, or <see langword="null"/> for a check that is no HTTP check of this resource.</returns>
    public static string? FromKey(string key, string resourceName, IEnumerable<string> endpointNames)
    {
        foreach (var endpointName in endpointNames)
        {
            var prefix = $"{resourceName}_{endpointName}_";
            if (key.StartsWith(prefix, StringComparison.Ordinal) && Ending().Match(key) is { Success: true } ending && ending.Index >= prefix.Length)
            {
                return key[prefix.Length..ending.Index];
            }
        }

        return null;
    }

    /// <summary>The pattern for exactly this path; <see langword="null"/> for the root, which is a page of the application, too.</summary>
    public static string? ToPattern(string path)
    {
        var end = path.AsSpan().IndexOfAny('?', '#');
        var pathOnly = "/" + (end < 0 ? path : path[..end]).Trim('/');
        return pathOnly == "/" ? null : $"^{Regex.Escape(pathOnly)}/?$";
    }

    [GeneratedRegex("_[0-9]+_check$", RegexOptions.CultureInvariant)]
    private static partial Regex Ending();
}
