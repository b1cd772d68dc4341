using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>The patterns that the application model gives a resource, or all of them. Refuses a bad one where it is given.</summary>
internal sealed class PatternList
{
    private volatile string[] _patterns = [];

    /// <summary>In the order of the calls, each once.</summary>
    public IReadOnlyList<string> Patterns => _patterns;

    /// <exception cref="ArgumentException">A pattern is empty or no valid .NET regular expression, or the list gets too long.</exception>
    public void Add(IEnumerable<string> patterns, string parameterName)
    {
        var added = patterns.Select(pattern => pattern?.Trim() ?? "").ToArray();
        foreach (var pattern in added)
        {
            if (pattern.Length == 0)
            {
                throw new ArgumentException("An excluded URL is empty; each has to be a regular expression.", parameterName);
            }

            if (!ExclusionPattern.Validate(pattern, out var reason))
            {
                throw new ArgumentException($"The excluded URL '{pattern}' is no valid .NET regular expression: {reason}", parameterName);
            }
        }

        string[] all = [.. _patterns.Union(added, StringComparer.Ordinal)];
        ThrowIfTooLong(all, parameterName);
        _patterns = all;
    }

    private static void ThrowIfTooLong(string[] patterns, string parameterName)
    {
        var length = ExclusionListFormat.Write(patterns).Length;
        if (length > ExclusionEnvironment.MaxLength)
        {
            throw new ArgumentException(
                $"The list of excluded URLs would have {length} characters. More than {ExclusionEnvironment.MaxLength} don't pass through an environment variable everywhere; write fewer patterns that match more.",
                parameterName);
        }
    }
}
