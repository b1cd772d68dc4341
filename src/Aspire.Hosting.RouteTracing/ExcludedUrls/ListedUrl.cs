using Aspire.Hosting.RouteTracing.Variables;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>A pattern in a resource's list.</summary>
/// <param name="Pattern">The regular expression.</param>
/// <param name="Source">The source, as messages write it after "from": <c>the app-wide list</c>.</param>
/// <param name="IsSecret">Whether it is the value of a secret parameter, which is not shown.</param>
internal sealed record ListedUrl(string Pattern, string Source, bool IsSecret = false)
{
    /// <summary>Gets the pattern as users may see it.</summary>
    public string Display => IsSecret ? "(secret)" : Pattern;

    /// <summary>Gets the pattern as users may see it in a list, which can be given to a command.</summary>
    public string DisplayInList => IsSecret || IsForPython ? Display : ExclusionListFormat.Write([Pattern]);

    /// <summary>Gets whether the user set it for Python, in Python's syntax.</summary>
    public bool IsForPython => VariableNames.IsExcludedUrls(Source, Language.Python);

    /// <summary>Writes a list as users may see it.</summary>
    public static string Join(IEnumerable<ListedUrl> list) =>
        string.Join(", ", list.Select(url => url.DisplayInList)) is { Length: > 0 } text ? text : "none";
}
