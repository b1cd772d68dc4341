using System.Text.RegularExpressions;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.Hosting.RouteTracing.Variables;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.LiveExclusions;

/// <summary>Tells whether a list excludes a URL, and by which of its patterns.</summary>
internal static class UrlTest
{
    /// <summary>Long enough for the first use of a pattern, when it has yet to be compiled, and short enough for somebody who waits.</summary>
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

        var path = string.Concat(url.PathBase, url.Path);
        var text = new char[url.FullUrlLength];
        url.CopyFullUrlTo(text);
        var fullUrl = new string(text);

        foreach (var listed in list)
        {
            if (language == ResourceLanguage.Python)
            {
                // Python searches the whole URL, so a path is taken for one on some host.
                var pythonUrl = url.Host.IsEmpty ? $"http://localhost{path}{url.Query}" : fullUrl;
                if (FindsInPython(listed, pythonUrl))
                {
                    return Excluded(listed);
                }
            }
            else if (Finds(listed.Pattern, ExclusionPattern.NamesFullUrl(listed.Pattern) ? fullUrl : path))
            {
                return Excluded(listed);
            }
        }

        return $"'{urlOrPath}' is not excluded by the AppHost's list; the service may add its own.";

        string Excluded(ListedUrl listed) => $"'{urlOrPath}' is excluded by '{listed.Pattern}', from {listed.Source}.";
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
        catch (RegexMatchTimeoutException)
        {
            // The service gives up sooner, and then doesn't exclude the request either.
            return false;
        }
        catch (RegexParseException)
        {
            // An item that the user set in a variable; the service's log says that it is left out.
            return false;
        }
    }
}
