using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using OpenTelemetry.Logs;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

/// <summary>The list that the AppHost keeps in a file and rewrites while the service runs.</summary>
public sealed class ExclusionsFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("exclusions").FullName;
    private readonly ManualTime _time = new();
    private readonly List<LogRecord> _logs = [];
    private readonly ILoggerFactory _loggers;

    public ExclusionsFileTests()
        => _loggers = LoggerFactory.Create(logging => logging.AddOpenTelemetry(options =>
        {
            options.IncludeFormattedMessage = true;
            options.AddInMemoryExporter(_logs);
        }));

    private string FilePath => Path.Combine(_folder, "excluded-urls.txt");

    [Theory]
    [InlineData("^/two$")]
    [InlineData("^/two$,^/thr")]
    [InlineData("base64:Xi90d28k")]
    [InlineData("")]
    public void A_half_written_file_leaves_the_last_good_list(string text)
    {
        Replace("^/one$\n");
        using var file = Follow();

        File.WriteAllText(FilePath, text);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["^/one$"], file.Items);
    }

    [Theory]
    [InlineData("^/two$,(bad\n")]
    [InlineData("base64:***\n")]
    public void A_file_that_is_no_list_leaves_the_last_good_list(string text)
    {
        Replace("^/one$\n");
        using var file = Follow();

        Replace(text);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["^/one$"], file.Items);
    }

    [Fact]
    public void What_a_link_leads_to_is_followed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs links, which Windows lets few users make.");
        var (data, one, two) = (Path.Combine(_folder, "data"), Path.Combine(_folder, "1"), Path.Combine(_folder, "2"));
        foreach (var (version, list) in new[] { (one, "^/one$\n"), (two, "^/number/two$\n") })
        {
            Directory.CreateDirectory(version);
            File.WriteAllText(Path.Combine(version, "list"), list);
        }

        Directory.CreateSymbolicLink(data, one);
        File.CreateSymbolicLink(FilePath, Path.Combine(data, "list"));
        using var file = Follow();
        Pass(TimeSpan.FromSeconds(5));

        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, two);
        Pass(TimeSpan.FromSeconds(5));

        Assert.Equal(["^/number/two$"], file.Items);
    }

    [Fact]
    public void A_deleted_file_leaves_the_last_good_list_and_a_new_one_is_seen()
    {
        Replace("^/one$\n");
        using var file = Follow();

        File.Delete(FilePath);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["^/one$"], file.Items);

        Replace("^/two$,^/three$\n");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["^/two$", "^/three$"], file.Items);
    }

    [Fact]
    public void A_deleted_folder_leaves_the_last_good_list()
    {
        Replace("^/one$\n");
        using var file = Follow();

        Directory.Delete(_folder, recursive: true);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["^/one$"], file.Items);
    }

    [Theory]
    [InlineData("^/two$", "does not end with a line break")]
    [InlineData("^/two$,(bad\n", "'(bad', item 2, is no valid regular expression")]
    [InlineData("base64:***\n", "is not base64")]
    [InlineData(null, "no such file")]
    public void A_file_that_stays_of_no_use_is_logged_once(string? text, string reason)
    {
        Replace("^/one$\n");
        using var file = Follow();

        if (text is null)
        {
            File.Delete(FilePath);
        }
        else
        {
            Replace(text);
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(_logs);

        Pass(TimeSpan.FromSeconds(10));

        var log = Assert.Single(_logs);
        Assert.Contains(FilePath, log.FormattedMessage);
        Assert.Contains(reason, log.FormattedMessage);
    }

    [Fact]
    public void A_file_that_is_of_no_use_again_is_logged_again()
    {
        using var file = Follow();
        foreach (var text in new[] { "^/one$", "^/one$\n", "^/two$" })
        {
            Replace(text);
            Pass(TimeSpan.FromSeconds(5));
        }

        Assert.Equal(2, _logs.Count);
    }

    [Fact]
    public void A_file_that_was_away_for_a_moment_is_no_error()
    {
        Replace("^/one$\n");
        using var file = Follow();
        Pass(TimeSpan.FromSeconds(5));

        File.Move(FilePath, FilePath + ".away");
        Pass(TimeSpan.FromSeconds(1));
        File.Move(FilePath + ".away", FilePath);
        Pass(TimeSpan.FromSeconds(5));

        Assert.Empty(_logs);
    }

    [Fact]
    public void A_file_that_could_not_be_read_for_a_while_is_read_when_it_can_be()
    {
        Replace("^/one$\n");
        using var file = Follow();

        Replace("^/two$\n");
        using (new FileStream(FilePath, FileMode.Open, FileAccess.Read, FileShare.None))
        {
            Pass(TimeSpan.FromSeconds(5));
        }

        Assert.Equal(["^/one$"], file.Items);
        Assert.Single(_logs);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["^/two$"], file.Items);
    }

    [Fact]
    public void An_empty_list_is_a_list()
    {
        Replace("^/one$\n");
        using var file = Follow();

        Replace("\n");
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Empty(file.Items!);
    }

    [Fact]
    public void A_change_that_the_time_stamp_does_not_show_is_seen()
    {
        Replace("^/one$\n");
        var written = File.GetLastWriteTimeUtc(FilePath);
        using var file = Follow();

        Replace("^/two$\n");
        File.SetLastWriteTimeUtc(FilePath, written);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["^/two$"], file.Items);
    }

    [Fact]
    public void Only_a_changed_list_is_announced()
    {
        Replace("^/one$\n");
        using var file = Follow();
        var changes = 0;
        using var subscription = ChangeToken.OnChange(file.GetChangeToken, () => changes++);

        foreach (var text in new[] { "^/one$\n", "^/one", "^/two$\n", "^/two$\n" })
        {
            Replace(text);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(1, changes);
    }

    [Fact]
    public void A_subscriber_that_throws_does_not_end_the_process_or_the_watch()
    {
        Replace("^/one$\n");
        using var file = Follow();
        using var subscription = ChangeToken.OnChange(file.GetChangeToken, () => throw new InvalidOperationException());

        foreach (var text in new[] { "^/two$\n", "^/three$\n" })
        {
            Replace(text);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(["^/three$"], file.Items);
    }

    [Fact]
    public async Task The_list_of_the_file_stands_in_the_place_of_the_general_variable()
    {
        Replace("^/file$\n");
        await using var app = await StartAsync();

        Assert.Equal(
            [
                new("^/specific$", "OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"),
                new UrlExclusion("^/file$", "Aspire:RouteTracing:ExclusionsFile"),
            ],
            app.ExcludedUrls());
    }

    [Fact]
    public async Task Without_a_readable_file_the_variable_applies()
    {
        await using var app = await StartAsync();

        Assert.Contains(new UrlExclusion("^/general$", "OTEL_DOTNET_EXCLUDED_URLS"), app.ExcludedUrls());
    }

    [Theory(Timeout = 60_000)]
    [InlineData(null)]
    [InlineData("true")]
    public async Task A_rename_over_the_file_is_seen_whatever_watches_the_other_files(string? polling)
    {
        Environment.SetEnvironmentVariable("DOTNET_USE_POLLING_FILE_WATCHER", polling);
        try
        {
            var seen = new TaskCompletionSource();
            Replace("^/file$\n");
            await using var app = await StartAsync(settings =>
            {
                if (settings.ExcludedUrls.Contains("^/replaced$"))
                {
                    seen.TrySetResult();
                }
            });

            Replace("^/replaced$\n");

            await seen.Task.WaitAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            Environment.SetEnvironmentVariable("DOTNET_USE_POLLING_FILE_WATCHER", null);
        }
    }

    public void Dispose()
    {
        _loggers.Dispose();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    // The file is looked at once a step.
    private void Pass(TimeSpan time)
    {
        for (var step = TimeSpan.FromSeconds(1); time > TimeSpan.Zero; time -= step)
        {
            _time.Advance(step);
        }
    }

    private ExclusionsFile Follow() => new(FilePath, _time, _loggers.CreateLogger<ExclusionsFile>());

    private void Replace(string text)
    {
        File.WriteAllText(FilePath + ".new", text);
        File.Move(FilePath + ".new", FilePath, overwrite: true);
    }

    private Task<TracedApp> StartAsync(Action<RouteTracingSettings>? configureSettings = null) => TracedApp.StartAsync(
        builder => builder.AddRouteTracing(configureSettings),
        app => app.MapGet("/{**path}", () => "ok"),
        new()
        {
            ["Aspire:RouteTracing:ExclusionsFile"] = FilePath,
            ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/general$",
            ["OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"] = "^/specific$",
        });
}
