using Aspire.Hosting.RouteTracing.LiveList;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

public sealed class LiveListFolderTests
{
    [Fact]
    public void A_list_is_written_whole_with_a_line_break_at_its_end()
    {
        using var folder = new LiveListFolder();

        folder.WriteList("orders", ["a,b", "c"]);
        folder.WriteList("orders", ["^/日本{1,2}$", "d"]);

        var text = File.ReadAllText(folder.GetListPath("orders"));
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.Equal(["^/日本{1,2}$", "d"], ExclusionListFormat.Parse(text, out _));
        Assert.Equal([folder.GetListPath("orders")], Directory.GetFileSystemEntries(folder.GetPath("orders")));
    }

    [Fact]
    public void A_list_with_control_characters_is_base64()
    {
        using var folder = new LiveListFolder();

        folder.WriteList("orders", ["^/a\u0001b$"]);

        var text = File.ReadAllText(folder.GetListPath("orders"));
        Assert.StartsWith("base64:", text, StringComparison.Ordinal);
        Assert.Equal(["^/a\u0001b$"], ExclusionListFormat.Parse(text, out _));
    }

    [Fact]
    public void Half_of_a_surrogate_pair_is_replaced()
    {
        using var folder = new LiveListFolder();

        folder.WriteList("orders", ["half\uD800", "^/health$"]);

        Assert.Equal(["half\uFFFD", "^/health$"], ExclusionListFormat.Parse(File.ReadAllText(folder.GetListPath("orders")), out _));
    }

    [Fact]
    public void A_folder_that_is_gone_already_is_no_error_at_the_end()
    {
        var folder = new LiveListFolder();
        Directory.Delete(Path.GetDirectoryName(folder.GetPath("orders"))!, recursive: true);

        folder.Dispose();
    }

    [Fact]
    public void A_list_is_not_written_after_the_end()
    {
        var folder = new LiveListFolder();
        folder.WriteList("orders", ["a"]);
        folder.Dispose();

        Assert.Equal("The AppHost is ending.", Assert.Throws<IOException>(() => folder.WriteList("orders", ["b"])).Message);
        var path = Path.GetDirectoryName(folder.GetPath("orders"))!;
        Assert.Empty(Directory.GetDirectories(Path.GetDirectoryName(path)!, $"{Path.GetFileName(path)}*"));
    }

    [Fact]
    public async Task A_reader_finds_one_of_the_lists_while_they_are_replaced()
    {
        using var folder = new LiveListFolder();
        string[] shortList = ["short"];
        string[] longList = [.. Enumerable.Range(0, 1000).Select(i => $"/long/{i}")];
        folder.WriteList("orders", shortList);

        var writing = Task.Run(
            () =>
            {
                for (var i = 0; i < 200; i++)
                {
                    folder.WriteList("orders", i % 2 == 0 ? longList : shortList);
                }
            },
            TestContext.Current.CancellationToken);
        while (!writing.IsCompleted)
        {
            var text = await File.ReadAllTextAsync(folder.GetListPath("orders"), TestContext.Current.CancellationToken);
            var read = ExclusionListFormat.Parse(text, out _);
            Assert.True(read.SequenceEqual(shortList) || read.SequenceEqual(longList));
        }

        await writing;
    }
}
