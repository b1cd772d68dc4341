using Aspire.RouteTracing.Configuration;
using Aspire.RouteTracing.LiveList;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>The compiled list of excluded URLs, with the source of each item.</summary>
internal sealed partial class ExclusionList
{
    public static readonly ExclusionList Empty = new([], ExclusionMatcher.Empty);

    private readonly UrlExclusion[] _exclusions;
    private readonly ExclusionMatcher _matcher;

    private ExclusionList(UrlExclusion[] exclusions, ExclusionMatcher matcher)
    {
        _exclusions = exclusions;
        _matcher = matcher;
        Current = exclusions;
    }

    /// <summary>Gets the items that can exclude a request: those that are valid and not disabled.</summary>
    public IReadOnlyList<UrlExclusion> Current { get; private set; }

    /// <summary>Gets the items that were ignored or disabled.</summary>
    public IReadOnlyList<ServiceStatus.Problem> Problems { get; private set; } = [];

    /// <summary>Gets whether the list has no item, not even one that was ignored or is disabled, and no text that can't be read.</summary>
    public bool IsEmpty { get; private init; } = true;

    /// <summary>Gets whether every item is searched in the whole URL.</summary>
    public bool MatchesFullUrl { get; private init; }

    /// <summary>Gets whether an item timed out or failed, and was disabled.</summary>
    public bool HasDisabledItem { get; private set; }

    /// <summary>
    /// Compiles a list. Invalid configured items are logged and ignored. <paramref name="onDisabled"/> is called by the request whose
    /// search disabled an item, and must not throw.
    /// </summary>
    /// <exception cref="ArgumentException">An item that code added is not a valid regular expression.</exception>
    public static ExclusionList Compile(PatternList patterns, bool matchFullUrl, Action onDisabled, ILogger logger)
    {
        var items = patterns.Resolve(logger);
        UrlExclusion[] exclusions = [.. items.Select(item => new UrlExclusion(item.Pattern, item.Source))];
        ExclusionList? list = null;
        var matcher = ExclusionMatcher.Build(
            [.. items.Select(item => item.Pattern)],
            matchFullUrl,
            out var problems,
            index =>
            {
                Log.Disabled(logger, items[index].Pattern, items[index].Source);
                list!.Disable(exclusions[index]);
                onDisabled();
            },
            () => Log.AutomataDropped(logger, Automata.MaxBytes / (1024 * 1024)));
        list = new ExclusionList(exclusions, matcher) { IsEmpty = patterns.IsEmpty, MatchesFullUrl = matchFullUrl };

        foreach (var problem in problems)
        {
            var item = items[problem.Index];
            if (problem.IsIgnored)
            {
                patterns.Reject(item, problem.Reason, logger);
            }
            else
            {
                Log.Backtracks(logger, item.Pattern, item.Source, problem.Reason);
            }
        }

        var ignored = problems.Where(problem => problem.IsIgnored);
        list.Problems = [.. ignored.Select(problem => Describe(exclusions[problem.Index], problem.Reason))];
        list.Current = [.. exclusions.Except(ignored.Select(problem => exclusions[problem.Index]))];
        return list;
    }

    public UrlExclusion? Find(HttpRequest request)
    {
        if (_matcher.IsEmpty)
        {
            return null;
        }

        // Reading the host takes about as long as the search.
        return _matcher.IsForPath
            ? At(_matcher.FindInPath(request.PathBase.Value, request.Path.Value))
            : Find(new RequestUrl
            {
                Scheme = request.Scheme,
                Host = HostOf(request),
                PathBase = request.PathBase.Value,
                Path = request.Path.Value,
                Query = request.QueryString.Value,
            });
    }

    public UrlExclusion? Find(in RequestUrl url) => At(_matcher.Find(url));

    /// <summary>Returns the host of a request with Punycode decoded, or as it was sent if it is invalid Punycode.</summary>
    public static string? HostOf(HttpRequest request)
    {
        try
        {
            return request.Host.Value;
        }
        catch (ArgumentException)
        {
            return request.Headers.Host;
        }
    }

    private static ServiceStatus.Problem Describe(UrlExclusion item, string reason) => new(new(item.Pattern, item.Source), reason);

    private UrlExclusion? At(int index) => index < 0 ? null : _exclusions[index];

    // Two requests can disable items at the same time.
    private void Disable(UrlExclusion exclusion)
    {
        lock (_exclusions)
        {
            Current = [.. Current.Where(other => other != exclusion)];
            HasDisabledItem = true;
            Problems = [.. Problems, Describe(exclusion, "It timed out or failed, and is disabled.")];
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            3, LogLevel.Warning,
            "The excluded URL '{Pattern}' of {Source} needs backtracking: {Reason} Each search is limited to two attempts of 10 ms. To "
            + "remove the limit, rewrite the pattern without this construct.")]
        public static partial void Backtracks(ILogger logger, string pattern, string source, string reason);

        [LoggerMessage(
            4, LogLevel.Error,
            "The excluded URL '{Pattern}' of {Source} timed out (10 ms) or failed three times, and is disabled until the settings "
            + "reload.")]
        public static partial void Disabled(ILogger logger, string pattern, string source);

        [LoggerMessage(
            8, LogLevel.Warning,
            "The automata of the excluded URLs exceeded {MaxMegabytes} MB. Until the list changes, the items that need them are searched "
            + "with backtracking, and each search is limited to two attempts of 10 ms. To avoid this, use fewer or simpler items.")]
        public static partial void AutomataDropped(ILogger logger, int maxMegabytes);
    }
}
