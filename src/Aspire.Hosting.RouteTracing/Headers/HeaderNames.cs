using System.Text.RegularExpressions;

namespace Aspire.Hosting.RouteTracing.Headers;

/// <summary>Regular expressions of names of headers, each once, in the order of the calls.</summary>
internal sealed class HeaderNames
{
    private readonly List<string> _names = [];

    public IReadOnlyList<string> Names => _names;

    /// <exception cref="ArgumentException">A name is empty, has a comma or can't be read. Nothing is added then.</exception>
    public void Add(IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            if (string.IsNullOrWhiteSpace(name) || name.Contains(',', StringComparison.Ordinal))
            {
                throw new ArgumentException($"'{name}' is no header's name: it is empty or has a comma, which separates names in the variable. Give each name as an argument of its own.", nameof(names));
            }

            try
            {
                _ = new Regex(name.Trim(), RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
            }
            catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
            {
                throw new ArgumentException($"The header's name '{name}' can't be read as a regular expression: {exception.Message}", nameof(names), exception);
            }
        }

        // By case, though names have none: \w and \W are different expressions.
        _names.AddRange(names.Select(name => name.Trim()).Except(_names, StringComparer.Ordinal));
    }
}
