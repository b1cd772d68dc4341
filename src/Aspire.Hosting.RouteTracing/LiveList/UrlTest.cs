using System.Text.RegularExpressions;
using Aspire.Hosting.RouteTracing.ExcludedUrls;
using Aspire.Hosting.RouteTracing.Python;
using Aspire.Hosting.RouteTracing.Variables;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.LiveList;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>Finds the item that excludes a URL.</summary>
internal static class UrlTest
{
    // Python has no limits for the length of a pattern or a URL, so its patterns are searched without the matcher, which has.
    private static readonly TimeSpan PythonTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Returns whether a text is a path or a URL that a request can have.</summary>
    public static bool IsUrl(string? text) => text is not null && RequestUrl.TryParse(text, out _);

    /// <summary>Answers from the lists that the service reports, or from the AppHost's list if there is no report.</summary>
    public static string Answer(string url, LiveResource live)
    {
        var statuses = live.ReadStatuses();
        if (statuses.Count > 0)
        {
            string[] answers = [.. statuses.Select(status => Answer(url, live, status)).Distinct(StringComparer.Ordinal)];
            var answered = answers.Length == 1
                ? answers[0]
                : string.Join(' ', answers.Select(answer => $"In at least one process: {answer}"));
            var processes = live.CountProcesses(statuses);
            return (processes - statuses.CountProcesses(_ => true)) switch
            {
                0 => answered,
                1 => $"{answered} 1 of {processes} processes hasn't reported its list.",
                var silent => $"{answered} {silent} of {processes} processes haven't reported their lists.",
            };
        }

        var list = live.Current;
        var found = live.Language == Language.Python ? FindForPython(list, url)
            : Find([.. list.Select(item => item.Pattern)], matchFullUrl: false, url) is var index and >= 0 ? list[index]
            : null;
        var answer = found is null
            ? $"'{url}' is not excluded by the AppHost's list of '{live.Name}'."
            : $"'{url}' would be excluded in '{live.Name}' by '{found.Display}', from {found.Source}.";
        var reason = !live.CanReport ? "The service doesn't report whether it reads the list, and may add its own items."
            : live.Instances.Running.Count == 0 ? "The service isn't running and may add its own items."
            : live.WriteProblem is { } problem ? problem
            : live.Instances.HaveReported ? "The service no longer reports its list and may add its own items."
            : !live.Instances.IsReportOverdue() ? "The service hasn't reported its list yet and may add its own items."
            : $"But the list is not read {live.ByService}";
        return $"{answer} {reason}";
    }

    private static string Answer(string url, LiveResource live, ServiceStatus status)
    {
        if (!status.Enabled)
        {
            return $"Route tracing is disabled in '{live.Name}', so nothing is excluded.";
        }

        var index = Find([.. status.Items.Select(item => item.Pattern)], status.MatchFullUrl, url);
        return index >= 0 && live.ToListed([status.Items[index]]).Single() is var item
            ? $"'{url}' is excluded in '{live.Name}' by '{item.Display}', from {item.Source}."
            : $"No excluded URL of '{live.Name}' matches '{url}'. "
                + "Another filter, the sampler or [ExcludeFromTracing] can still exclude it.";
    }

    private static int Find(string[] patterns, bool matchFullUrl, string url)
    {
        _ = RequestUrl.TryParse(url, out var parsed);
        return ExclusionMatcher.Build(patterns, matchFullUrl, out _).Find(parsed);
    }

    private static ListedUrl? FindForPython(IReadOnlyList<ListedUrl> list, string urlOrPath)
    {
        _ = RequestUrl.TryParse(urlOrPath, out var url);
        var text = new char[url.FullUrlLength];
        url.CopyFullUrlTo(text);
        var fullUrl = new string(text);
        return list.FirstOrDefault(item => IsFoundByPython(item, fullUrl));
    }

    private static bool IsFoundByPython(ListedUrl item, string url)
    {
        var pattern = item.Pattern;
        try
        {
            return (item.IsForPython || PythonPattern.TryWrite(item.Pattern, out pattern, out _))
                && Regex.IsMatch(url, pattern, RegexOptions.CultureInvariant, PythonTimeout);
        }
        catch (Exception exception) when (exception is RegexMatchTimeoutException or RegexParseException)
        {
            return false;
        }
    }
}
