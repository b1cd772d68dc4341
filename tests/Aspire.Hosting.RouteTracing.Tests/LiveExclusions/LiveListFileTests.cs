using Aspire.Hosting.RouteTracing.LiveExclusions;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.Tests.LiveExclusions;

public sealed class LiveListFileTests
{
    [Fact]
    public void Only_the_user_can_read_folder_and_file_and_they_are_gone_at_the_end()
    {
        var folder = new LiveListFolder();
        var file = folder.GetFile("orders");
        file.Write(["^/health$"]);
        var path = Path.GetDirectoryName(file.Path)!;

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.Path));
        }

        folder.Dispose();
        Assert.False(Directory.Exists(path));
    }

    [Fact]
    public void A_folder_that_is_gone_already_does_not_disturb_the_end()
    {
        var folder = new LiveListFolder();
        var file = folder.GetFile("orders");
        Directory.Delete(Path.GetDirectoryName(file.Path)!);

        folder.Dispose();
    }

    [Fact]
    public void A_folder_that_the_system_cleaned_away_is_made_again()
    {
        using var folder = new LiveListFolder();
        var file = folder.GetFile("orders");
        var path = Path.GetDirectoryName(file.Path)!;
        Directory.Delete(path);

        file.Write(["^/health$"]);

        Assert.Equal("^/health$\n", File.ReadAllText(file.Path));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        }
    }

    [Fact]
    public void A_list_is_written_whole_with_a_line_break_at_its_end_and_nothing_beside_it()
    {
        using var folder = new LiveListFolder();
        var file = folder.GetFile("orders");

        file.Write(["a,b", "c"]);
        file.Write(["^/日本{1,2}$", "d"]);

        var text = File.ReadAllText(file.Path);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.Equal(["^/日本{1,2}$", "d"], ExclusionListFormat.Parse(text, out _));
        Assert.Equal([file.Path], Directory.GetFiles(Path.GetDirectoryName(file.Path)!));
    }

    [Fact]
    public void Half_of_a_surrogate_pair_does_not_disturb_the_rest()
    {
        using var folder = new LiveListFolder();
        var file = folder.GetFile("orders");

        file.Write(["half\uD800", "^/health$"]);

        Assert.Equal(["half\uFFFD", "^/health$"], ExclusionListFormat.Parse(File.ReadAllText(file.Path), out _));
    }

    [Fact]
    public async Task Who_reads_while_the_list_is_replaced_reads_one_of_the_lists()
    {
        using var folder = new LiveListFolder();
        var file = folder.GetFile("orders");
        string[] shortList = ["short"];
        string[] longList = [.. Enumerable.Range(0, 1000).Select(i => $"/long/{i}")];
        file.Write(shortList);

        var writing = Task.Run(
            () =>
            {
                for (var i = 0; i < 500; i++)
                {
                    file.Write(i % 2 == 0 ? longList : shortList);
                }
            },
            TestContext.Current.CancellationToken);
        while (!writing.IsCompleted)
        {
            var read = ExclusionListFormat.Parse(await File.ReadAllTextAsync(file.Path, TestContext.Current.CancellationToken), out _);
            Assert.True(read.SequenceEqual(shortList) || read.SequenceEqual(longList));
        }

        await writing;
    }
}
