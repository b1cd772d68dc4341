using System.Text.RegularExpressions;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>The path that is requested to see whether a resource is well.</summary>
internal static partial class HealthCheckPath
{
    /// <summary>
    /// Reads it from the key under which WithHttpHealthCheck registers the check, <c>{resource}_{endpoint}_{path}_{status}_check</c>, for it
    /// stands nowhere else: https://github.com/microsoft/aspire/blob/v13.5.2/src/Aspire.Hosting/ResourceBuilderExtensions.cs
    /// </summary>
    /// <returns><see langword="null"/> for another kind of check.</returns>
    public static string? FromKey(string key, string resourceName, IEnumerable<string> endpointNames) =>
        endpointNames.Select(endpointName => $"{resourceName}_{endpointName}_")
            .Where(prefix => key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(prefix => Ending().Match(key, prefix.Length) is { Success: true } ending ? key[prefix.Length..ending.Index] : null)
            .FirstOrDefault(path => path is not null);

    /// <summary>The pattern for exactly this path, with and without a slash at its end; <see langword="null"/> for the root, which is a page, too.</summary>
    public static string? ToPattern(string path)
    {
        // The service searches the path as it is decoded.
        var segments = PathDecoder.Decode(path.Split('?', '#')[0]).Trim('/');
        return segments is "" ? null : $"^/{Regex.Escape(segments)}/?$";
    }

    [GeneratedRegex("_[0-9]+_check$", RegexOptions.CultureInvariant)]
    private static partial Regex Ending();
}
