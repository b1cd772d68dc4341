using System.Diagnostics;
using System.Text;
using Aspire.RouteTracing.LiveList;
using Aspire.RouteTracing.Tests.Apps;
using Aspire.RouteTracing.Tests.ExcludedUrls;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using OpenTelemetry.Logs;

namespace Aspire.RouteTracing.Tests.LiveList;

/// <summary>The list that the AppHost keeps in a file and rewrites while the service runs.</summary>
public sealed class ExclusionsFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("exclusions").FullName;
    private readonly ManualTime _time = new();
    private readonly List<LogRecord> _logs = [];
    private readonly ILoggerFactory _loggers;

    public ExclusionsFileTests() =>
        _loggers = LoggerFactory.Create(logging => logging.AddOpenTelemetry(options =>
        {
            options.IncludeFormattedMessage = true;
            options.AddInMemoryExporter(_logs);
        }));

    private string FilePath => Path.Combine(_folder, "excluded-urls.txt");

    [Theory]
    [InlineData("^/two$")]
    [InlineData("^/two$,^/thr")]
    [InlineData("^/two$,\n")]
    [InlineData("^/two$, \n\n")]
    [InlineData("base64:Xi90d28k")]
    [InlineData("")]
    public void A_half_written_file_leaves_the_last_good_list(string text)
    {
        Replace("^/one$\n");
        using var file = Follow();

        File.WriteAllText(FilePath, text);
        Pass(TimeSpan.FromSeconds(2));

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
        Pass(TimeSpan.FromSeconds(2));

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
        Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(["^/one$"], file.Items);

        Replace("^/two$,^/three$\n");
        Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(["^/two$", "^/three$"], file.Items);
    }

    [Fact]
    public void A_deleted_folder_leaves_the_last_good_list()
    {
        Replace("^/one$\n");
        using var file = Follow();

        Directory.Delete(_folder, recursive: true);
        Pass(TimeSpan.FromSeconds(2));

        Assert.Equal(["^/one$"], file.Items);
    }

    [Theory]
    [InlineData("^/two$", "does not end with a line break")]
    [InlineData("^/two$,(bad\n", "'(bad', item 2, is not a valid regular expression")]
    [InlineData("base64:***\n", "is not base64")]
    [InlineData(null, "does not exist")]
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
        Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(["^/two$"], file.Items);
    }

    [Fact]
    public void An_empty_list_is_a_list()
    {
        Replace("^/one$\n");
        using var file = Follow();

        Replace("\n");
        Pass(TimeSpan.FromSeconds(2));

        Assert.Empty(file.Items!);
    }

    [Fact]
    public void A_change_that_size_and_time_stamp_do_not_show_is_seen()
    {
        Replace("^/one$\n");
        var written = File.GetLastWriteTimeUtc(FilePath);
        using var file = Follow();
        Pass(TimeSpan.FromSeconds(10));

        Replace("^/two$\n");
        File.SetLastWriteTimeUtc(FilePath, written);
        Pass(TimeSpan.FromSeconds(2));

        Assert.Equal(["^/two$"], file.Items);
    }

    [Theory]
    [InlineData("^/a\\,\n", "^/a,")]
    [InlineData("(?x) ^/a # b,\n\n", "(?x) ^/a # b,")]
    public void A_comma_that_separates_nothing_does_not_announce_an_item(string text, string item)
    {
        Replace(text);
        using var file = Follow();

        Assert.Equal([item], file.Items);
    }

    [Fact]
    public void A_list_that_is_still_being_written_is_not_used()
    {
        Replace("^/one$\n");
        using var file = Follow();

        foreach (var text in new[] { "^/two$\n", "^/two$,^/three$\n", "^/two$,^/three$,^/four$\n" })
        {
            File.WriteAllText(FilePath, text);
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(["^/one$"], file.Items);
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["^/two$", "^/three$", "^/four$"], file.Items);
    }

    [Theory]
    [InlineData("pipe", "not a regular file")]
    [InlineData("/dev/zero", "not a regular file")]
    [InlineData("/dev/null", "not a regular file")]
    [InlineData("directory", "is a directory")]
    public async Task What_is_not_a_regular_file_is_logged_and_never_blocks(string kind, string reason)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs pipes and devices of Unix.");
        Replace("^/one$\n");
        using var file = Follow();

        await PutInPlaceAsync(kind);
        Pass(TimeSpan.FromSeconds(10));

        Assert.Equal(["^/one$"], file.Items);
        Assert.Contains(reason, Assert.Single(_logs).FormattedMessage, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("pipe")]
    [InlineData("/dev/zero")]
    [InlineData("directory")]
    public async Task An_application_starts_beside_what_is_not_a_regular_file(string kind)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs pipes and devices of Unix.");
        await PutInPlaceAsync(kind);

        await using var app = await StartAsync().WaitAsync(TestContext.Current.CancellationToken);

        Assert.Contains(("^/general$", "OTEL_DOTNET_EXCLUDED_URLS"), app.ExcludedUrls());
    }

    [Theory]
    [InlineData("Latin-1")]
    [InlineData("UTF-16LE")]
    [InlineData("UTF-16BE")]
    [InlineData("binary")]
    public void Content_that_is_not_UTF_8_leaves_the_last_good_list(string encoding)
    {
        Replace("^/one$\n");
        using var file = Follow();

        Replace(encoding switch
        {
            "Latin-1" => Encoding.Latin1.GetBytes("^/caf\u00E9$\n"),
            "UTF-16LE" => Encoding.Unicode.GetBytes("^/two$\n"),
            "UTF-16BE" => Encoding.BigEndianUnicode.GetBytes("^/two$\n"),
            _ => [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, (byte)'\n'],
        });
        Pass(TimeSpan.FromSeconds(10));

        Assert.Equal(["^/one$"], file.Items);
        Assert.Contains("is not UTF-8 text", Assert.Single(_logs).FormattedMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_mark_is_not_part_of_the_list()
    {
        Replace([.. Encoding.UTF8.Preamble, .. "^/one$\n"u8]);
        using var file = Follow();

        Assert.Equal(["^/one$"], file.Items);
    }

    [Theory]
    [InlineData(1_000_000, true)]
    [InlineData(1_000_001, false)]
    public void A_file_can_have_a_megabyte(int bytes, bool isUsed)
    {
        Replace("^/one$\n");
        using var file = Follow();

        Replace("^/two$" + new string(' ', bytes - "^/two$\n".Length) + "\n");
        Pass(TimeSpan.FromSeconds(10));

        Assert.Equal([isUsed ? "^/two$" : "^/one$"], file.Items);
        Assert.Equal(isUsed ? 0 : 1, _logs.Count);
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
            Pass(TimeSpan.FromSeconds(2));
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
            Pass(TimeSpan.FromSeconds(2));
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
                ("^/specific$", "OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"),
                ("^/file$", "Aspire:RouteTracing:ExclusionsFile"),
            ],
            app.ExcludedUrls());
    }

    [Fact]
    public async Task Without_a_readable_file_the_variable_applies()
    {
        await using var app = await StartAsync();

        Assert.Contains(("^/general$", "OTEL_DOTNET_EXCLUDED_URLS"), app.ExcludedUrls());
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

    private void Replace(string text) => Replace(Encoding.UTF8.GetBytes(text));

    private void Replace(byte[] bytes)
    {
        File.WriteAllBytes(FilePath + ".new", bytes);
        File.Move(FilePath + ".new", FilePath, overwrite: true);
    }

    private async Task PutInPlaceAsync(string kind)
    {
        File.Delete(FilePath);
        switch (kind)
        {
            case "pipe":
                using (var process = Process.Start("mkfifo", [FilePath]))
                {
                    await process.WaitForExitAsync(TestContext.Current.CancellationToken);
                }

                break;
            case "directory":
                Directory.CreateDirectory(FilePath);
                break;
            default:
                File.CreateSymbolicLink(FilePath, kind);
                break;
        }
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
