using Hangfire;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>The dashboard answers in a branch of the pipeline. A job runs on a thread of the job server, in no request.</summary>
public sealed class HangfireTests : LibraryTests
{
    internal static readonly Library Hangfire = new("Hangfire.AspNetCore", typeof(HangfireApplicationBuilderExtensions))
    {
        ExcludedUrls = "^/(hangfire/stats|health)$",
        FilteredUrls = "^/(hangfire/stats|health)$",
        Configure = builder =>
        {
            builder.Services.AddSingleton<Signal>();
            builder.Services.AddHangfire(hangfire => hangfire.UseInMemoryStorage());
            builder.Services.AddHangfireServer();
        },
        Map = app =>
        {
            app.UseHangfireDashboard("/hangfire");
            app.MapHangfireDashboard("/jobs");
            app.MapPost("/orders", (IBackgroundJobClient jobs) => jobs.Enqueue<ReceiptJob>(job => job.Run()));
            app.MapGet("/health", (IBackgroundJobClient jobs) => jobs.Enqueue<ReceiptJob>(job => job.Run()));
        },
        Uses =
        [
            new("GET /hangfire", "a page of `UseHangfireDashboard`"),
            new("GET /jobs/recurring", "a page of `MapHangfireDashboard`"),
            new("POST /orders", "enqueues a job") { Until = JobRun },
            new("POST /hangfire/stats", "an excluded URL: the dashboard asks for its numbers")
            {
                Exclusion = UseExclusion.Whole,
                Send = AskForNumbersAsync,
            },
            new("GET /health", "an excluded URL, which enqueues a job") { Exclusion = UseExclusion.Part, Until = JobRun },
        ],
    };

    internal override Library Library => Hangfire;

    [Theory]
    [InlineData("GET /hangfire", "GET")]
    [InlineData("GET /jobs/recurring", "GET /jobs/{**path}")]
    public async Task A_page_of_the_dashboard_has_the_name_of_its_route(string request, string name)
    {
        var outcome = await Hangfire.SendAsync(request);

        Assert.Equal([name], outcome.Names);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    public async Task A_job_that_an_excluded_request_enqueued_is_traced(string? sampler)
    {
        var outcome = await Hangfire.SendAsync("GET /health", sampler: sampler);

        Assert.Equal(["send receipt"], outcome.Names);
    }

    private static async Task<int> AskForNumbersAsync(HttpClient client)
    {
        using var form = new FormUrlEncodedContent([new("metrics[]", "servers:count")]);
        var stats = new Uri("/hangfire/stats", UriKind.Relative);
        using var response = await client.PostAsync(stats, form, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }

    private static Task JobRun(IServiceProvider services) => services.GetRequiredService<Signal>().Task;
}

public sealed class ReceiptJob
{
    private readonly Signal _run;

    public ReceiptJob(IServiceProvider services) => _run = services.GetRequiredService<Signal>();

    public void Run()
    {
        using (Library.Work.StartActivity("send receipt"))
        {
        }

        _run.Set();
    }
}
