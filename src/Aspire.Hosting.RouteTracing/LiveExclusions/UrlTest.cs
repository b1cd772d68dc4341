using System.Text.RegularExpressions;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.Hosting.RouteTracing.Variables;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.LiveExclusions;

/// <summary>Tells whether a list excludes a URL, and by which of its patterns.</summary>
internal static class UrlTest
{
    /// <summary>How long somebody waits for an answer. Python has no limit.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Whether it is a path or a whole URL that a request could have.</summary>
    public static bool IsUrl(string text) => RequestUrl.TryParse(text, out _);

    /// <returns>A sentence.</returns>
    public static string Answer(string urlOrPath, IReadOnlyList<ListedUrl> list, ResourceLanguage language)
    {
        if (!RequestUrl.TryParse(urlOrPath, out var url))
        {
            throw new ArgumentException($"'{urlOrPath}' is neither a path nor an http or https URL.", nameof(urlOrPath));
        }

        return (language == ResourceLanguage.Python ? FindInPython(list, url) : Find(list, url)) is { } listed
            ? $"'{urlOrPath}' is excluded by '{listed.Pattern}', from {listed.Source}."
            : $"'{urlOrPath}' is not excluded by the AppHost's list; the service may add its own.";
    }

    private static ListedUrl? Find(IReadOnlyList<ListedUrl> list, in RequestUrl url)
    {
        var matcher = ExclusionMatcher.Build([.. list.Select(listed => listed.Pattern)], matchFullUrl: false, out _);
        return matcher.Find(url) is >= 0 and var index ? list[index] : null;
    }

    private static ListedUrl? FindInPython(IReadOnlyList<ListedUrl> list, RequestUrl url)
    {
        // Python searches the whole URL, so a path is taken for one on some host.
        url = url.Host.IsEmpty ? url with { Scheme = "http", Host = "localhost" } : url;
        var text = new char[url.FullUrlLength];
        url.CopyFullUrlTo(text);
        var fullUrl = new string(text);
        return list.FirstOrDefault(listed => FindsInPython(listed, fullUrl));
    }

    // What the user set for Python is in Python's words already.
    private static bool FindsInPython(ListedUrl listed, string url) =>
        listed.Source is VariableNames.PythonExcludedUrls
            ? Finds(listed.Pattern, url)
            : PythonPattern.TryWrite(listed.Pattern, out var pattern, out _) && Finds(pattern, url);

    private static bool Finds(string pattern, string text)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, Patience);
        }
        catch (Exception exception) when (exception is RegexMatchTimeoutException or RegexParseException)
        {
            return false;
        }
    }
}
