using Aspire.RouteTracing.Tests.Apps;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Aspire.RouteTracing.Tests.LiveList;

/// <summary>The list of the file as a source of an application.</summary>
public sealed class ExclusionsFileSourceTests : IDisposable
{
    private readonly ExclusionsFileFolder _folder = new();

    [Fact]
    public async Task The_list_of_the_file_replaces_the_general_variable()
    {
        _folder.Replace("^/file$\n");
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

    [Theory]
    [InlineData("pipe")]
    [InlineData("/dev/zero")]
    [InlineData("directory")]
    public async Task An_application_starts_if_the_path_is_not_a_regular_file(string kind)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs pipes and devices of Unix.");
        await _folder.PutInPlaceAsync(kind);

        await using var app = await Task.Run(() => StartAsync(), TestContext.Current.CancellationToken).WithinAMinute();

        Assert.Contains(("^/general$", "OTEL_DOTNET_EXCLUDED_URLS"), app.ExcludedUrls());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_rename_over_the_file_is_detected()
    {
        var seen = new TaskCompletionSource();
        _folder.Replace("^/file$\n");
        await using var app = await StartAsync(settings =>
        {
            if (settings.ExcludedUrls.Contains("^/replaced$"))
            {
                seen.TrySetResult();
            }
        });

        _folder.Replace("^/replaced$\n");

        await seen.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_file_is_no_longer_read_once_the_application_stops()
    {
        _folder.Replace("^/1$\n");
        await using var stopping = await StartAsync();
        await using var running = await StartAsync();

        stopping.App.Lifetime.StopApplication();

        // The second application has the same interval, so the first one has had time to read all but the last list.
        for (var i = 2; i < 5; i++)
        {
            _folder.Replace($"^/{i}$\n");
            await Waits.UntilAsync(
                () => running.ExcludedUrls().Any(item => item.Pattern == $"^/{i}$"), "The running application did not read the list.");
        }

        Assert.Contains(("^/1$", "Aspire:RouteTracing:ExclusionsFile"), stopping.ExcludedUrls());
    }

    public void Dispose() => _folder.Dispose();

    private Task<TracedApp> StartAsync(Action<RouteTracingSettings>? configureSettings = null) => TracedApp.StartAsync(
        builder => builder.AddRouteTracing(configureSettings),
        app => app.MapGet("/{**path}", () => "ok"),
        new()
        {
            ["Aspire:RouteTracing:ExclusionsFile"] = _folder.FilePath,
            ["OTEL_DOTNET_EXCLUDED_URLS"] = "^/general$",
            ["OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"] = "^/specific$",
        });
}
