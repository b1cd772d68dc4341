using System.Text;
using Aspire.Hosting.RouteTracing.Variables;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>What the AppHost's code excludes, app-wide or in one resource.</summary>
internal sealed class DeclaredExclusions
{
    private readonly List<string> _patterns = [];

    public IReadOnlyList<string> Patterns => _patterns;

    public bool HealthChecks { get; set; }

    public bool IsEmpty => _patterns.Count == 0 && !HealthChecks;

    /// <exception cref="ArgumentException">A pattern is empty or can't be read, or the list would be too long. Nothing is added then.</exception>
    public void Add(IReadOnlyList<string> patterns)
    {
        foreach (var pattern in patterns)
        {
            if (pattern is null || ExclusionListFormat.Trim(pattern) is "")
            {
                throw new ArgumentException("A pattern of an excluded URL is empty; it would exclude every request.", nameof(patterns));
            }

            if (!ExclusionPattern.Validate(pattern, out var reason))
            {
                throw new ArgumentException($"The pattern '{pattern}' of an excluded URL can't be read: {reason}", nameof(patterns));
            }
        }

        string[] missing = [.. patterns.Select(ExclusionListFormat.Trim).Except(_patterns, StringComparer.Ordinal)];
        if (Encoding.UTF8.GetByteCount(ExclusionListFormat.Write(_patterns.Concat(missing))) is var length and > RouteTracingVariables.MaxListSize)
        {
            throw new ArgumentException(
                $"The list of excluded URLs would have {length} bytes, and the limit is {RouteTracingVariables.MaxListSize}. Say several URLs with one pattern.",
                nameof(patterns));
        }

        _patterns.AddRange(missing);
    }
}
