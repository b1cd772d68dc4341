using System.Diagnostics;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.RouteTracing.ExcludedUrls;
using Aspire.RouteTracing.LiveList;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

/// <summary>Plays a process of a service with AddRouteTracing: it reads the AppHost's list and reports what it uses.</summary>
internal sealed class TestService : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended =
        CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly Func<ServiceStatus, ServiceStatus> _change;
    private Task _following = Task.CompletedTask;

    private TestService(string listPath, string folder, Process process, Func<ServiceStatus, ServiceStatus>? change)
    {
        ListPath = listPath;
        Folder = folder;
        ProcessId = process.Id;
        ProcessStart = process.StartTime.ToUniversalTime();
        _change = change ?? (status => status);
    }

    public string ListPath { get; }

    public string Folder { get; }

    public int ProcessId { get; }

    public DateTime ProcessStart { get; }

    public string StatusPath => Path.Combine(Folder, string.Create(CultureInfo.InvariantCulture, $"{ProcessId}.1.json"));

    /// <summary>Evaluates the variables of a resource, without a report yet.</summary>
    /// <param name="process">The process; this one by default.</param>
    /// <param name="change">Changes each report.</param>
    public static async Task<TestService> CreateAsync<T>(
        IResourceBuilder<T> resource, Process? process = null, Func<ServiceStatus, ServiceStatus>? change = null)
        where T : IResource
    {
        var variables = await TestModel.GetVariablesAfterRestartAsync(resource);
        var listPath = Assert.IsType<string>(variables[ListFile]);
        var folder = Assert.IsType<string>(variables[StatusFolder]);
        using var current = Process.GetCurrentProcess();
        return new TestService(listPath, folder, process ?? current, change);
    }

    /// <summary>Creates a service that reports now and whenever the list changes.</summary>
    public static async Task<TestService> StartAsync<T>(
        IResourceBuilder<T> resource, Process? process = null, Func<ServiceStatus, ServiceStatus>? change = null)
        where T : IResource
    {
        var service = await CreateAsync(resource, process, change);
        var text = File.ReadAllText(service.ListPath);
        service.Report(Parse(text));
        service._following = service.FollowAsync(text);
        return service;
    }

    public IReadOnlyList<string> ReadList() => Parse(File.ReadAllText(ListPath));

    /// <summary>Gets the list of the last report.</summary>
    public IReadOnlyList<string> Reported { get; private set; } = [];

    /// <summary>Reports the list that is in the file now.</summary>
    public void Report() => Report(ReadList());

    public ServiceStatus CreateStatus(IReadOnlyList<string> items) => _change(new ServiceStatus
    {
        Enabled = true,
        FileItems = items,
        Items = [.. items.Select(item => new ServiceStatus.Item(item, "Aspire:RouteTracing:ExclusionsFile"))],
    });

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _following;
        _ended.Dispose();
    }

    private static IReadOnlyList<string> Parse(string text) => ExclusionListFormat.Parse(text, out _);

    private void Report(IReadOnlyList<string> items)
    {
        OwnerOnlyFile.Replace(StatusPath, CreateStatus(items).ToJson());
        Reported = items;
    }

    private async Task FollowAsync(string seen)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        try
        {
            while (await timer.WaitForNextTickAsync(_ended.Token))
            {
                if (await File.ReadAllTextAsync(ListPath, _ended.Token) is var text && text != seen)
                {
                    seen = text;
                    Report(Parse(text));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The service ends.
        }
    }
}
