using Aspire.RouteTracing.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>One state of the settings that concern exclusion, compiled.</summary>
internal sealed partial class ExclusionRules
{
    /// <summary>The library steps aside.</summary>
    public static readonly ExclusionRules Disabled = new([], ExclusionMatcher.Empty, new RouteTracingSettings { Enabled = false });

    private readonly UrlExclusion[] _exclusions;
    private readonly ExclusionMatcher _matcher;

    private ExclusionRules(UrlExclusion[] exclusions, ExclusionMatcher matcher, RouteTracingSettings settings)
    {
        _exclusions = exclusions;
        _matcher = matcher;
        InForce = exclusions;
        Enabled = settings.Enabled;
        ExcludeFromMetrics = settings.ExcludeFromMetrics;
        HonorUpstreamExclusion = settings.Enabled && settings.HonorUpstreamExclusion;
    }

    public bool Enabled { get; }

    public bool ExcludeFromMetrics { get; }

    public bool HonorUpstreamExclusion { get; }

    public IReadOnlyList<UrlExclusion> InForce { get; private set; }

    /// <exception cref="ArgumentException">An item that code added is no valid expression.</exception>
    public static ExclusionRules Compile(RouteTracingSettings settings, ILogger logger)
    {
        var sources = settings.Sources.ExcludedUrls;
        foreach (var value in sources.Unreadable)
        {
            Log.UnreadableValue(logger, value.Source, value.Reason);
        }

        var items = settings.ExcludedUrls.Distinct(StringComparer.Ordinal).Select(sources.Find).ToArray();
        var exclusions = Array.ConvertAll(items, item => new UrlExclusion(item.Pattern, item.Source));
        ExclusionRules? rules = null;
        var matcher = ExclusionMatcher.Build(
            Array.ConvertAll(items, item => item.Pattern),
            settings.MatchFullUrl,
            out var problems,
            index =>
            {
                Log.OutOfForce(logger, items[index].Pattern, items[index].Source);
                lock (exclusions)
                {
                    rules!.InForce = [.. rules.InForce.Where(exclusion => exclusion != exclusions[index])];
                }
            });
        rules = new ExclusionRules(exclusions, matcher, settings);

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

        rules.InForce = [.. exclusions.Where((_, index) => !leftOut.Contains(index))];
        return rules;
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

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The excluded URL '{Pattern}', item {Position} of {Source}, is no valid regular expression and is left out: {Reason} The other items apply.")]
        public static partial void Invalid(ILogger logger, string pattern, int position, string source, string reason);

        [LoggerMessage(2, LogLevel.Error, "The excluded URLs in {Source} can't be read and are left out: {Reason}")]
        public static partial void UnreadableValue(ILogger logger, string source, string reason);

        [LoggerMessage(3, LogLevel.Warning, "The excluded URL '{Pattern}' of {Source} needs backtracking ({Reason}). It is searched for 10 ms at most; write it without look-around and back-references to make it linear.")]
        public static partial void Backtracks(ILogger logger, string pattern, string source, string reason);

        [LoggerMessage(4, LogLevel.Error, "The excluded URL '{Pattern}' of {Source} ran out of its 10 ms three times and excludes nothing until the settings are loaded again.")]
        public static partial void OutOfForce(ILogger logger, string pattern, string source);

        [LoggerMessage(6, LogLevel.Error, "Too many excluded URLs: {Reason} '{Pattern}', item {Position} of {Source}, and what comes after it are left out. Join some with '|'.")]
        public static partial void TooMany(ILogger logger, string reason, string pattern, int position, string source);
    }
}
