using System.Globalization;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>The code that keeps the patterns that edits added, which end with the AppHost otherwise.</summary>
internal static class AddedPatternCode
{
    /// <summary>
    /// Returns a line with the code, or nothing if no pattern was added. The code is a chained call, because the name of the variable in
    /// the AppHost is unknown.
    /// </summary>
    public static string Describe(LiveResource live) =>
        live.Added is { Count: > 0 } added
            ? $"\nTo keep the added patterns, declare them on '{live.Name}': "
                + $".WithExcludedUrls({string.Join(", ", added.Select(ToLiteral))})"
            : "";

    private static string ToLiteral(string pattern)
    {
        if (pattern.Any(character => char.IsControl(character) || character is '\u2028' or '\u2029'))
        {
            return $"\"{string.Concat(pattern.Select(character => character switch
            {
                '"' or '\\' => $"\\{character}",
                >= ' ' and <= '~' => $"{character}",
                _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
            }))}\"";
        }

        var doubled = pattern.Replace("\"", "\"\"", StringComparison.Ordinal);
        return pattern.AsSpan().ContainsAny('\\', '"') ? $"@\"{doubled}\"" : $"\"{pattern}\"";
    }
}
