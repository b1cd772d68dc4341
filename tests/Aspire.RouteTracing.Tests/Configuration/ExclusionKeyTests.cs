using Aspire.RouteTracing.Tests.Apps;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Tests.Configuration;

/// <summary>The keys that authenticate exclusions between services.</summary>
public sealed class ExclusionKeyTests
{
    private const string LongKey = "0123456789abcdef";

    [Theory]
    [InlineData("ExclusionKey")]
    [InlineData("PreviousExclusionKey")]
    public async Task A_key_under_16_bytes_is_logged_by_name_and_ignored(string setting)
    {
        await using var app = await StartAsync(new() { [$"Aspire:RouteTracing:{setting}"] = "a short secret!" });

        var error = Assert.Single(app.Logs, log => log.LogLevel == LogLevel.Error).FormattedMessage;
        Assert.Contains($"Aspire:RouteTracing:{setting}", error, StringComparison.Ordinal);
        Assert.DoesNotContain("a short secret!", error, StringComparison.Ordinal);
        Assert.Null(Current(app).SigningKey);
        Assert.Empty(Current(app).HonoredKeys);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(LongKey)]
    public async Task A_valid_key_or_no_key_logs_nothing(string? key)
    {
        await using var app = await StartAsync(new() { ["Aspire:RouteTracing:ExclusionKey"] = key });

        Assert.DoesNotContain(app.Logs, log => log.LogLevel == LogLevel.Error);
        Assert.Equal(key == LongKey, Current(app).SigningKey is not null);
    }

    [Fact]
    public async Task An_invalid_key_is_logged_again_only_if_the_keys_change()
    {
        await using var app = await StartAsync(new() { ["Aspire:RouteTracing:ExclusionKey"] = "short" });

        app.Reload("Aspire:RouteTracing:MatchFullUrl", "true");
        Assert.Single(app.Logs, log => log.LogLevel == LogLevel.Error);

        app.Reload("Aspire:RouteTracing:ExclusionKey", "shorter");
        Assert.Equal(2, app.Logs.Count(log => log.LogLevel == LogLevel.Error));
    }

    private static CompiledSettings Current(TracedApp app) => app.App.Services.GetRequiredService<ActiveRouteTracing>().Current;

    private static Task<TracedApp> StartAsync(Dictionary<string, string?> configuration) =>
        TracedApp.StartAsync(builder => builder.AddRouteTracing(), _ => { }, configuration);
}
