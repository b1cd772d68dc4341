using System.Globalization;
using Aspire.RouteTracing.Instrumentation;
using Aspire.RouteTracing.RouteNames;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.LiveList;

/// <summary>
/// Reports the exclusion list after the start and after each change: in the log, and if an AppHost runs the application, in a file with the
/// <see cref="ServiceStatus"/>. The log waits for the routes, which are known after the first request. A failure is logged once. If the
/// file couldn't be written, or is gone, it is written again.
/// </summary>
internal sealed partial class ExclusionReport(
    ActiveRouteTracing tracing,
    ExcludedRoutes routes,
    RoutingTables routingTables,
    ConfiguredPathBases pathBases,
    ExclusionsFile file,
    IHostApplicationLifetime application,
    IConfiguration configuration,
    SafeLogger<ExclusionReport> logger) : IHostedService, IDisposable
{
    // The log shows the first routes and items only.
    private const int MaxLogged = 10;

    // The first report with routes doesn't slow down the first requests of a process.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Numbers the applications of the process.
    private static int _reports;

    private readonly Lock _reporting = new();
    private string? _statusFile = configuration[ConfigurationKeys.StatusFolder] is { Length: > 0 } folder
        ? Path.Combine(
            folder, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}.{Interlocked.Increment(ref _reports)}.json"))
        : null;

    private ITimer? _timer;
    private (bool Enabled, IReadOnlyList<UrlExclusion> Items, object Problems, IReadOnlyList<string>? FileItems, int Tables) _reported;
    private string? _logged;
    private byte[]? _status;
    private bool _isWritten;
    private bool _failed;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A WebHost has no IHostedLifecycleService.
        application.ApplicationStarted.Register(OnStarted);

        // An AppHost that ends deletes the file, perhaps before the application has stopped.
        application.ApplicationStopping.Register(file.Dispose);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        tracing.Changed -= Report;
        routingTables.Built -= ReportLater;
        _timer?.Dispose();
    }

    private void OnStarted()
    {
        _timer = TimeProvider.System.CreateTimer(_ => ReportAndCheckLater(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        tracing.Changed += Report;
        routingTables.Built += ReportLater;
        application.ApplicationStopped.Register(OnStopped);

        // In the background, so that the startup isn't delayed.
        _ = Task.Run(ReportAndCheckLater);
    }

    private void OnStopped()
    {
        Dispose();
        lock (_reporting)
        {
            RunAndLogFailure(DeleteStatusFile);

            // What changed last is logged, too.
            Report();
        }
    }

    // The AppHost deletes the folder when it ends, which can be earlier.
    private void DeleteStatusFile()
    {
        var file = _statusFile;
        _statusFile = null;
        if (File.Exists(file))
        {
            File.Delete(file);
        }
    }

    // Does nothing after Dispose().
    private void ReportLater() => _timer?.Change(Interval, Timeout.InfiniteTimeSpan);

    private void ReportAndCheckLater()
    {
        Report();
        if (_statusFile is not null)
        {
            ReportLater();
        }
    }

    private void Report()
    {
        lock (_reporting)
        {
            RunAndLogFailure(ReportCurrent);
        }
    }

    private void ReportCurrent()
    {
        var settings = tracing.Current;
        var list = settings.ExcludedUrls;

        // Read first, so that endpoints that routing adds meanwhile cause another report.
        var (tables, areRoutesKnown) = (routingTables.Version, !routingTables.AreMissing);
        var content = (settings.Enabled, list.Current, list.Problems, settings.FileItems, tables);
        if (content != _reported)
        {
            // First, so that what fails isn't repeated before the next change.
            (_reported, _status, _isWritten) = (content, null, false);
            Prepare(settings, areRoutesKnown);
        }

        if (_statusFile is not null && _status is not null)
        {
            WriteStatus(_statusFile, _status);
        }
    }

    private void Prepare(CompiledSettings settings, bool areRoutesKnown)
    {
        var list = settings.ExcludedUrls;
        var excluded = routes.Find(list, out var routeCount, out var unmatched);
        var needsRoutes = settings.Enabled && list.Current.Count > 0;
        if (pathBases.HavePipeline && (areRoutesKnown || !needsRoutes))
        {
            LogList(settings, excluded, routeCount, unmatched);
        }

        if (_statusFile is not null)
        {
            var status = new ServiceStatus
            {
                Enabled = settings.Enabled,
                MatchFullUrl = list.MatchesFullUrl,
                FileItems = settings.FileItems,
                Items = [.. list.Current.Select(item => new ServiceStatus.Item(item.Pattern, item.Source))],
                ExcludedRoutes = excluded,
                RouteCount = routeCount,
                UnmatchedItems = unmatched,
                Problems = list.Problems,
            };
            _status = status.ToJson();
        }
    }

    private void WriteStatus(string file, byte[] status)
    {
        // Without its folder, the AppHost has ended, or will create it again.
        var folder = Path.GetDirectoryName(file)!;
        if ((_isWritten && File.Exists(file)) || !Directory.Exists(folder))
        {
            return;
        }

        OwnerOnlyFolder.Require(folder);
        try
        {
            OwnerOnlyFile.Replace(file, status);
            _isWritten = true;
        }
        catch (IOException) when (!Directory.Exists(folder))
        {
            // The AppHost has deleted it meanwhile.
        }
    }

    private void LogList(CompiledSettings settings, IReadOnlyList<string> excluded, int routeCount, IReadOnlyList<string> unmatched)
    {
        var (items, isEmpty) = (settings.ExcludedUrls.Current.Count, settings.ExcludedUrls.IsEmpty);
        var text = string.Join('\n', [$"{settings.Enabled} {items} {isEmpty} {routeCount}", .. excluded, "", .. unmatched]);
        if (text == _logged)
        {
            return;
        }

        _logged = text;
        if (!settings.Enabled)
        {
            Log.Disabled(logger);
        }
        else if (isEmpty)
        {
            Log.Empty(logger);
        }
        else if (items == 0)
        {
            Log.Unusable(logger);
        }
        else if (unmatched.Count == 0)
        {
            Log.Excluded(logger, items, excluded.Count, routeCount, Join(excluded));
        }
        else
        {
            Log.ExcludedWithUnmatched(logger, items, excluded.Count, routeCount, Join(excluded), Join(unmatched));
        }
    }

    private static string Join(IReadOnlyList<string> texts) => texts.Count switch
    {
        0 => "none",
        <= MaxLogged => string.Join(", ", texts),
        _ => $"{string.Join(", ", texts.Take(MaxLogged))} and {texts.Count - MaxLogged} more",
    };

    private void RunAndLogFailure(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception)
        {
            if (!Interlocked.Exchange(ref _failed, true))
            {
                Log.Failed(logger, exception);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            60,
            LogLevel.Information,
            "Excluded URLs: {Items} in force. Excluded routes: {Excluded} of {Routes} ({ExcludedRoutes}).")]
        public static partial void Excluded(ILogger logger, int items, int excluded, int routes, string excludedRoutes);

        [LoggerMessage(
            61,
            LogLevel.Information,
            "Excluded URLs: {Items} in force. Excluded routes: {Excluded} of {Routes} ({ExcludedRoutes}). "
            + "Items that match no sample URL of a route: {UnmatchedItems}.")]
        public static partial void ExcludedWithUnmatched(
            ILogger logger, int items, int excluded, int routes, string excludedRoutes, string unmatchedItems);

        [LoggerMessage(62, LogLevel.Information, "The exclusion list is empty. No URL is excluded.")]
        public static partial void Empty(ILogger logger);

        [LoggerMessage(65, LogLevel.Information, "The exclusion list has no usable item. No URL is excluded.")]
        public static partial void Unusable(ILogger logger);

        [LoggerMessage(63, LogLevel.Information, "Route tracing is disabled or suspended. No URL is excluded.")]
        public static partial void Disabled(ILogger logger);

        [LoggerMessage(
            64,
            LogLevel.Error,
            "The exclusion list could not be reported. Exclusions still apply. Further failures are not logged.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
