using System.Diagnostics;
using System.Globalization;
using System.Text;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

/// <summary>Status files that aren't the report of a running process of the service don't count.</summary>
public sealed class StatusFileTests
{
    private readonly IDistributedApplicationBuilder _builder = TestModel.CreateBuilder();
    private readonly IResourceBuilder<ProjectResource> _orders;

    public StatusFileTests() => _orders = _builder.AddProject<TestProject>("orders").WithExcludedUrls("a");

    [Fact]
    public async Task The_status_of_an_ended_process_is_ignored_and_deleted()
    {
        await using var model = await TestModel.StartAsync(_builder);
        using var process = ChildProcess.Start();
        await using var service = await TestService.CreateAsync(_orders, process.Process);
        service.Report();
        await AssertReadAsync(model);

        await process.EndAsync();

        await AssertNotReadAsync(model);
        Assert.False(File.Exists(service.StatusPath));
    }

    [Fact]
    public async Task The_status_of_a_zombie_is_ignored_and_deleted()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has the state of a process in a file.");
        await using var model = await TestModel.StartAsync(_builder);
        using var parent = ChildProcess.StartWithChild();
        var id = await parent.Process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        using var child = Process.GetProcessById(int.Parse(id!, CultureInfo.InvariantCulture));
        await using var service = await TestService.CreateAsync(_orders, child);
        service.Report();
        await AssertReadAsync(model);

        child.Kill();

        await Waits.UntilAsync(() => !File.Exists(service.StatusPath), "The status of the ended process was not deleted.");
        await AssertNotReadAsync(model);
    }

    [Fact]
    public async Task The_status_of_an_earlier_process_with_the_same_id_is_ignored_and_deleted()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        service.Report();
        File.SetLastWriteTimeUtc(service.StatusPath, service.ProcessStart.AddMinutes(-2));

        await AssertNotReadAsync(model);
        Assert.False(File.Exists(service.StatusPath));
    }

    [Theory]
    [InlineData(86_400)]
    [InlineData(-10)]
    public async Task A_status_counts_after_the_clock_was_set(int seconds)
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        service.Report();
        File.SetLastWriteTimeUtc(service.StatusPath, service.ProcessStart.AddSeconds(seconds));

        await AssertReadAsync(model);
    }

    [Fact]
    public async Task A_half_written_status_is_ignored()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        var json = service.CreateStatus(["a"]).ToJson();
        await WriteAsync(service.StatusPath, json[..^20]);

        await AssertNotReadAsync(model);
        Assert.True(File.Exists(service.StatusPath));

        await WriteAsync(service.StatusPath, json);
        await AssertReadAsync(model);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{ "processId": 1 }""")]
    [InlineData("not JSON")]
    public async Task A_file_that_is_not_a_status_is_ignored(string text)
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        await WriteAsync(service.StatusPath, Encoding.UTF8.GetBytes(text));

        await AssertNotReadAsync(model);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_pipe_is_never_opened(bool isLinked)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no pipes among files.");
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        var path = isLinked ? Path.Combine(service.Folder, "pipe") : service.StatusPath;
        using var pipe = await Pipe.CreateAsync(path);
        if (isLinked)
        {
            File.CreateSymbolicLink(service.StatusPath, path);
        }

        await Task.Run(() => AssertNotReadAsync(model), TestContext.Current.CancellationToken).WithinAMinute();
    }

    [Theory]
    [InlineData("\"items\":[", "\"items\":null,\"x\":[")]
    [InlineData("\"pattern\":\"a\"", "\"pattern\":null")]
    public async Task A_status_with_a_null_is_ignored(string property, string replacement)
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        var json = Encoding.UTF8.GetString(service.CreateStatus(["a"]).ToJson());
        Assert.Contains(property, json, StringComparison.Ordinal);
        await WriteAsync(service.StatusPath, Encoding.UTF8.GetBytes(json.Replace(property, replacement, StringComparison.Ordinal)));

        await AssertNotReadAsync(model);
    }

    [Theory]
    [InlineData("other.json")]
    [InlineData("-1.json")]
    [InlineData("{0}.json.next")]
    [InlineData(" {0}.json")]
    public async Task A_status_under_another_name_is_ignored(string name)
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        var path = Path.Combine(service.Folder, string.Format(null, name, service.ProcessId));
        await WriteAsync(path, service.CreateStatus(["a"]).ToJson());

        await AssertNotReadAsync(model);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task A_folder_that_is_gone_has_no_status()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await using var service = await TestService.CreateAsync(_orders);
        await model.StopServicesAsync();
        Directory.Delete(service.Folder, recursive: true);

        await AssertNotReadAsync(model);
    }

    private static Task WriteAsync(string path, byte[] bytes) =>
        File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);

    private async Task AssertReadAsync(TestModel model) =>
        Assert.Equal(
            "'/a' is excluded in 'orders' by 'a', from the list of 'orders'.", await model.AnswerAsync(_orders, TestUrl, ("url", "/a")));

    private async Task AssertNotReadAsync(TestModel model) =>
        Assert.StartsWith(
            "'/a' would be excluded in 'orders'",
            await model.AnswerAsync(_orders, TestUrl, ("url", "/a")),
            StringComparison.Ordinal);
}
