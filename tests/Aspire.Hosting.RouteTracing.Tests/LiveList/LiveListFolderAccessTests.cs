using System.Runtime.Versioning;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.RouteTracing.LiveList;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

/// <summary>The folder of the lists is in the system's folder for temporary files, where other users can create files, too.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class LiveListFolderAccessTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OthersToo = OwnerOnly | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly DirectoryInfo _target = Directory.CreateTempSubdirectory();
    private readonly IDistributedApplicationBuilder _builder = TestModel.CreateBuilder();
    private readonly IResourceBuilder<ProjectResource> _orders;
    private string? _root;

    public LiveListFolderAccessTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Modes and links are tested on Unix.");
        _orders = _builder.AddProject<TestProject>("orders").WithExcludedUrls("here");
    }

    [Fact]
    public async Task Only_the_user_can_read_folders_and_list()
    {
        await using var model = await TestModel.StartAsync(_builder);
        var service = await CreateServiceAsync();

        Assert.Equal(OwnerOnly, File.GetUnixFileMode(_root!));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(service.Folder));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(service.ListPath));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_folder_that_the_system_cleaned_away_is_created_again_until_the_end(bool isEdited)
    {
        await using (var model = await TestModel.StartAsync(_builder))
        {
            var service = await CreateServiceAsync();
            await DeleteAsync(model, _root!);

            if (isEdited)
            {
                await model.AnswerAsync(_orders, Edit, ("add", "new"));
            }
            else
            {
                await TestModel.RefreshAsync(_orders);
            }

            Assert.Equal(isEdited ? ["here", "new"] : ["here"], service.ReadList());
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(_root!));
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(service.Folder));
        }

        Assert.False(Path.Exists(_root));
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("a link to nothing")]
    [InlineData("a link to a file")]
    [InlineData("an empty file")]
    public async Task A_list_is_written_again_if_something_else_is_in_its_place(string other)
    {
        await using var model = await TestModel.StartAsync(_builder);
        var service = await CreateServiceAsync();
        await model.StopServicesAsync();
        File.Delete(service.ListPath);
        var target = Path.Combine(_target.FullName, "target");
        switch (other)
        {
            case "a link to nothing":
                File.CreateSymbolicLink(service.ListPath, target);
                break;
            case "a link to a file":
                await File.WriteAllTextAsync(target, "untouched", TestContext.Current.CancellationToken);
                File.CreateSymbolicLink(service.ListPath, target);
                break;
            case "an empty file":
                await File.WriteAllTextAsync(service.ListPath, "", TestContext.Current.CancellationToken);
                break;
            default:
                break;
        }

        await TestModel.RefreshAsync(_orders);

        Assert.Equal(["here"], service.ReadList());
        Assert.Null(new FileInfo(service.ListPath).LinkTarget);
        Assert.Equal(other == "a link to a file" ? "untouched" : null, File.Exists(target) ? File.ReadAllText(target) : null);
    }

    // A folder inherits the group of a folder whose mode says so.
    [Fact]
    public async Task A_folder_that_passes_on_its_group_is_the_users_own()
    {
        await using (var model = await TestModel.StartAsync(_builder))
        {
            var service = await CreateServiceAsync();
            await DeleteAsync(model, _root!);
            Directory.CreateDirectory(_root!);
            File.SetUnixFileMode(_root!, OwnerOnly | UnixFileMode.SetGroup);

            await model.AnswerAsync(_orders, Edit, ("add", "new"));

            Assert.Equal(["here", "new"], service.ReadList());
        }

        Assert.False(Path.Exists(_root));
    }

    [Fact]
    public async Task A_list_that_cannot_be_written_again_is_logged_once_and_shown_meanwhile()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await CreateServiceAsync();
        await model.SetRunningAsync(_orders);
        await DeleteAsync(model, _root!);
        Directory.CreateSymbolicLink(_root!, _target.FullName);
        var problem = $"The excluded URLs of 'orders' can't be edited while it runs: {DescribeOpen(_root!)}";

        await TestModel.RefreshAsync(_orders);
        await TestModel.RefreshAsync(_orders);

        Assert.Equal($"Not read yet: here. {problem}", model.GetProperty(_orders));
        Assert.Equal(
            $"'/here' would be excluded in 'orders' by 'here', from the list of 'orders'. {problem}",
            await model.AnswerAsync(_orders, TestUrl, ("url", "/here")));

        File.Delete(_root!);
        await TestModel.RefreshAsync(_orders);

        Assert.Equal("Not read yet: here.", model.GetProperty(_orders));
        Assert.Single(await model.ReadLogAsync(_orders), line => line.Contains(problem, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("root")]
    [InlineData("resource")]
    [InlineData("link")]
    public async Task What_a_folder_contains_that_others_can_open_does_not_count(string folder)
    {
        await using var model = await TestModel.StartAsync(_builder);
        var service = await CreateServiceAsync();
        service.Report();
        await model.SetRunningAsync(_orders);
        Assert.Equal("In force: here.", model.GetProperty(_orders));
        await model.StopServicesAsync();
        if (folder == "link")
        {
            Directory.Delete(_target.FullName);
            Directory.Move(service.Folder, _target.FullName);
            Directory.CreateSymbolicLink(service.Folder, _target.FullName);
        }
        else
        {
            File.SetUnixFileMode(folder == "root" ? _root! : service.Folder, OthersToo);
        }

        await TestModel.RefreshAsync(_orders);

        Assert.Equal(
            "No longer reported: here. The excluded URLs of 'orders' can't be edited while it runs: "
                + DescribeOpen(folder == "root" ? _root! : service.Folder),
            model.GetProperty(_orders));
    }

    [Fact]
    public async Task A_folder_that_others_can_open_stays_at_the_end()
    {
        await using (var model = await TestModel.StartAsync(_builder))
        {
            await CreateServiceAsync();
            await DeleteAsync(model, _root!);
            Directory.CreateDirectory(_root!);
            File.SetUnixFileMode(_root!, OthersToo);
        }

        Assert.True(Directory.Exists(_root));
    }

    [Fact]
    public async Task Nothing_is_written_through_a_link_in_place_of_the_folder()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await CreateServiceAsync();
        await DeleteAsync(model, _root!);
        Directory.CreateSymbolicLink(_root!, _target.FullName);

        await AssertEditFailsAsync(model, DescribeOpen(_root!));

        Assert.Empty(_target.GetFileSystemInfos());
    }

    [Fact]
    public async Task A_dangling_link_in_place_of_the_folder_fails_the_edit()
    {
        await using var model = await TestModel.StartAsync(_builder);
        await CreateServiceAsync();
        await DeleteAsync(model, _root!);
        Directory.CreateSymbolicLink(_root!, Path.Combine(_target.FullName, "missing"));

        await AssertEditFailsAsync(model, $"The file '{_root}' already exists.");

        Assert.Empty(_target.GetFileSystemInfos());
    }

    [Fact]
    public async Task Nothing_is_written_through_a_link_in_place_of_the_resources_folder()
    {
        await using var model = await TestModel.StartAsync(_builder);
        var service = await CreateServiceAsync();
        await DeleteAsync(model, service.Folder);
        Directory.CreateSymbolicLink(service.Folder, _target.FullName);

        await AssertEditFailsAsync(model, DescribeOpen(service.Folder));

        Assert.Empty(_target.GetFileSystemInfos());
    }

    [Fact]
    public async Task Nothing_is_written_through_a_link_in_place_of_the_list()
    {
        await using var model = await TestModel.StartAsync(_builder);
        var service = await CreateServiceAsync();
        var target = Path.Combine(_target.FullName, "target");
        await File.WriteAllTextAsync(target, "untouched", TestContext.Current.CancellationToken);
        await model.StopServicesAsync();
        File.Delete(service.ListPath);
        File.CreateSymbolicLink(service.ListPath, target);
        File.CreateSymbolicLink($"{service.ListPath}.next", target);

        await model.AnswerAsync(_orders, Edit, ("add", "new"));

        Assert.Equal("untouched", await File.ReadAllTextAsync(target, TestContext.Current.CancellationToken));
        Assert.Null(new FileInfo(service.ListPath).LinkTarget);
        Assert.Equal(["here", "new"], service.ReadList());
    }

    [Fact]
    public async Task A_list_that_cannot_be_written_is_set_at_startup()
    {
        await using var model = await TestModel.StartAsync(_builder);
        var folder = model.Services.GetRequiredService<LiveListFolder>().GetPath("orders");
        _root = Path.GetDirectoryName(folder);
        await File.WriteAllTextAsync(folder, "", TestContext.Current.CancellationToken);
        await model.SetRunningAsync(_orders);

        var variables = await TestModel.GetVariablesAfterRestartAsync(_orders);

        Assert.Equal("here", variables[DotNetUrls]);
        Assert.DoesNotContain(StatusFolder, variables.Keys);
        Assert.StartsWith(
            "Set at startup: here. The excluded URLs of 'orders' can't be edited while it runs: ",
            model.GetProperty(_orders),
            StringComparison.Ordinal);

        File.Delete(folder);
        await CreateServiceAsync();
        await model.AssertPropertyAsync(_orders, "Not read yet: here.");
    }

    [Fact]
    public async Task A_folder_that_others_can_open_fails_the_edit()
    {
        await using var model = await TestModel.StartAsync(_builder);
        var service = await CreateServiceAsync();
        await model.StopServicesAsync();
        File.SetUnixFileMode(_root!, OthersToo);

        await AssertEditFailsAsync(model, DescribeOpen(_root!));

        Assert.Equal(["here"], service.ReadList());
    }

    public void Dispose()
    {
        _target.Delete(recursive: true);
        if (_root is not null && new DirectoryInfo(_root) is { } root)
        {
            // A link to a folder is a file.
            if (root.LinkTarget is not null)
            {
                File.Delete(_root);
            }
            else if (root.Exists)
            {
                root.Delete(recursive: true);
            }
        }
    }

    private async Task<TestService> CreateServiceAsync()
    {
        var service = await TestService.CreateAsync(_orders);
        _root = Path.GetDirectoryName(service.Folder);
        return service;
    }

    // Stays deleted until a test refreshes the property.
    private static async Task DeleteAsync(TestModel model, string folder)
    {
        await model.StopServicesAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static string DescribeOpen(string folder) =>
        $"The folder '{folder}' is a link, or other users can open it. Delete it, or restart the AppHost.";

    private async Task AssertEditFailsAsync(TestModel model, string reason)
    {
        Assert.Equal($"The list of 'orders' was not changed: {reason}", await model.FailAsync(_orders, Edit, ("add", "new")));
        Assert.Equal("Excluded URLs of 'orders'. Not running: here.", await model.AnswerAsync(_orders, Edit));
    }
}
