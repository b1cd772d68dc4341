using Aspire.RouteTracing.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>The list of excluded URLs, compiled, with the source of each item.</summary>
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

    public IReadOnlyList<UrlExclusion> Current { get; private set; }

    /// <summary>Whether an item took too long, so that compiling the list again would make a difference.</summary>
    public bool HasDisabledItem { get; private set; }

    /// <exception cref="ArgumentException">An item that code added is no valid expression.</exception>
    public static ExclusionList Compile(RouteTracingSettings settings, ILogger logger)
    {
        var sources = settings.Sources.ExcludedUrls;
        foreach (var value in sources.Unreadable)
        {
            Log.UnreadableValue(logger, value.Source, value.Reason);
        }

        var items = sources.Trace(nameof(settings.ExcludedUrls), settings.ExcludedUrls);
        var exclusions = Array.ConvertAll(items, item => new UrlExclusion(item.Pattern, item.Source));
        ExclusionList? list = null;
        var matcher = ExclusionMatcher.Build(
            Array.ConvertAll(items, item => item.Pattern),
            settings.MatchFullUrl,
            out var problems,
            index =>
            {
                Log.Disabled(logger, items[index].Pattern, items[index].Source);
                list!.Disable(exclusions[index]);
            });
        list = new ExclusionList(exclusions, matcher);

        var leftOut = new HashSet<int>();
        foreach (var problem in problems)
        {
            var item = items[problem.Index];
            switch (problem.Kind)
            {
                case ExclusionProblemKind.Backtracks:
                    Log.Backtracks(logger, item.Pattern, item.Source, problem.Reason);
                    break;
                case ExclusionProblemKind.Invalid when item.Source == ConfiguredList.Code:
                    throw new ArgumentException($"The excluded URL '{item.Pattern}', added in code, is no valid regular expression: {problem.Reason}");
                case ExclusionProblemKind.Invalid:
                    Log.Invalid(logger, item.Pattern, item.Position, item.Source, problem.Reason);
                    leftOut.Add(problem.Index);
                    break;
                case ExclusionProblemKind.TooMany:
                    Log.TooMany(logger, problem.Reason, item.Pattern, item.Position, item.Source);
                    leftOut.UnionWith(Enumerable.Range(problem.Index, items.Length - problem.Index));
                    break;
            }
        }

        list.Current = [.. exclusions.Where((_, index) => !leftOut.Contains(index))];
        return list;
    }

    public UrlExclusion? Find(HttpRequest request)
    {
        if (_matcher.IsEmpty)
        {
            return null;
        }

        // To ask for the host takes about as long as to decide.
        return _matcher.IsForPath
            ? At(_matcher.FindInPath(request.PathBase.Value, request.Path.Value))
            : Find(new RequestUrl
            {
                Scheme = request.Scheme,
                Host = request.Host.Value,
                PathBase = request.PathBase.Value,
                Path = request.Path.Value,
                Query = request.QueryString.Value,
            });
    }

    public UrlExclusion? Find(in RequestUrl url) => At(_matcher.Find(url));

    private UrlExclusion? At(int index) => index < 0 ? null : _exclusions[index];

    // By the requests that found out, of which there may be two at once.
    private void Disable(UrlExclusion exclusion)
    {
        lock (_exclusions)
        {
            Current = [.. Current.Where(other => other != exclusion)];
            HasDisabledItem = true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The excluded URL '{Pattern}', item {Position} of {Source}, is no valid regular expression and is left out: {Reason} The other items apply.")]
        public static partial void Invalid(ILogger logger, string pattern, int position, string source, string reason);

        [LoggerMessage(2, LogLevel.Error, "The excluded URLs in {Source} can't be read and are left out: {Reason}")]
        public static partial void UnreadableValue(ILogger logger, string source, string reason);

        [LoggerMessage(3, LogLevel.Warning, "The excluded URL '{Pattern}' of {Source} needs backtracking ({Reason}). It is searched for 10 ms at most, twice; write it without look-around and back-references to make it linear.")]
        public static partial void Backtracks(ILogger logger, string pattern, string source, string reason);

        [LoggerMessage(4, LogLevel.Error, "The excluded URL '{Pattern}' of {Source} took more than its 10 ms for three requests and excludes nothing until the settings are loaded again.")]
        public static partial void Disabled(ILogger logger, string pattern, string source);

        [LoggerMessage(6, LogLevel.Error, "Too many excluded URLs: {Reason} '{Pattern}', item {Position} of {Source}, and what comes after it are left out. Join some with '|'.")]
        public static partial void TooMany(ILogger logger, string reason, string pattern, int position, string source);
    }
}
