using System.Diagnostics.CodeAnalysis;
using System.Text;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.Variables;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>The exclusions that the AppHost's code declares, app-wide or on one resource.</summary>
internal sealed class DeclaredExclusions : IResourceAnnotation
{
    // Replaced, because a starting resource can read it meanwhile.
    public IReadOnlyList<string> Patterns { get; private set; } = [];

    public bool HealthChecks { get; set; }

    /// <summary>Gets or sets whether the resource ignores the app-wide exclusions.</summary>
    public bool IgnoresAppWide { get; set; }

    public bool IsEmpty => Patterns.Count == 0 && !HealthChecks;

    /// <summary>Returns the exclusions of a resource.</summary>
    /// <exception cref="InvalidOperationException">Route tracing is used for the first time after the AppHost was built.</exception>
    public static DeclaredExclusions Of<T>(IResourceBuilder<T> builder)
        where T : IResourceWithEnvironment
    {
        if (builder.Resource.TryGetLastAnnotation<DeclaredExclusions>(out var present))
        {
            return present;
        }

        var app = AppExclusions.Of(builder.ApplicationBuilder);
        var exclusions = new DeclaredExclusions();
        builder.WithAnnotation(exclusions);
        app.Add(exclusions);

        // For tools that evaluate the environment before the AppHost starts.
        ExclusionEnvironment.Attach(builder.Resource, app);
        return exclusions;
    }

    /// <exception cref="ArgumentException">A pattern is empty or invalid, or the list would be too long. Nothing is added then.</exception>
    public void Add(IReadOnlyList<string> patterns)
    {
        foreach (var pattern in patterns)
        {
            if (pattern is null || ExclusionListFormat.Trim(pattern) is "")
            {
                throw new ArgumentException(
                    "A pattern is empty and would exclude every request. Remove it, or use '.' to exclude every request.",
                    nameof(patterns));
            }

            if (!Validate(pattern, out var reason))
            {
                throw new ArgumentException($"The pattern '{pattern}' is invalid: {reason}", nameof(patterns));
            }
        }

        // Normalizes the patterns to what is read back from the list: \, becomes a comma.
        string[] added =
        [
            .. ExclusionListFormat.Parse(ExclusionListFormat.Write(patterns), out _).Except(Patterns, StringComparer.Ordinal),
        ];
        var length = Encoding.UTF8.GetByteCount(ExclusionListFormat.Write(Patterns.Concat(added)));
        if (length > ExclusionVariables.MaxListSize)
        {
            throw new ArgumentException(
                $"The list of excluded URLs would have {length} bytes, and the limit is {ExclusionVariables.MaxListSize}. "
                + "Combine several URLs into one pattern.",
                nameof(patterns));
        }

        Patterns = [.. Patterns, .. added];
    }

    /// <summary>Returns whether a pattern is valid, and unchanged in UTF-8, in which a service gets the list.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="reason">The error, as a sentence.</param>
    public static bool Validate(string pattern, [NotNullWhen(false)] out string? reason)
    {
        if (!ExclusionPattern.Validate(pattern, out reason))
        {
            return false;
        }

        reason = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(pattern)) == pattern ? null : "It contains half of a surrogate pair.";
        return reason is null;
    }
}
