using System.Text;
using Aspire.RouteTracing.ExcludedUrls;
using Microsoft.Extensions.Primitives;

namespace Aspire.RouteTracing.Tests.LiveList;

/// <summary>Follows the list that the AppHost keeps in a file.</summary>
public sealed class ExclusionsFileTests : IDisposable
{
    private readonly ExclusionsFileFolder _folder = new();

    [Fact]
    public void A_change_of_a_link_target_is_followed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs links, which Windows lets few users make.");
        var (data, one, two) = (Path.Combine(_folder.Path, "data"), Path.Combine(_folder.Path, "1"), Path.Combine(_folder.Path, "2"));
        foreach (var (version, list) in new[] { (one, "^/one$\n"), (two, "^/number/two$\n") })
        {
            Directory.CreateDirectory(version);
            File.WriteAllText(Path.Combine(version, "list"), list);
        }

        Directory.CreateSymbolicLink(data, one);
        File.CreateSymbolicLink(_folder.FilePath, Path.Combine(data, "list"));
        using var file = _folder.Follow();
        _folder.Pass(TimeSpan.FromSeconds(5));

        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, two);
        _folder.Pass(TimeSpan.FromSeconds(5));

        Assert.Equal(["^/number/two$"], file.Items);
    }

    [Fact]
    public void A_deleted_file_keeps_the_previous_list_until_a_new_file_exists()
    {
        _folder.Replace("^/one$\n");
        using var file = _folder.Follow();

        File.Delete(_folder.FilePath);
        _folder.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(["^/one$"], file.Items);

        _folder.Replace("^/two$,^/three$\n");
        _folder.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(["^/two$", "^/three$"], file.Items);
    }

    [Fact]
    public void A_list_in_base64_can_have_control_characters()
    {
        _folder.Replace($"{ExclusionListFormat.WriteBase64(["^/a\u0001b$"])}\n");
        using var file = _folder.Follow();

        Assert.Equal(["^/a\u0001b$"], file.Items);
    }

    [Fact]
    public void A_deleted_folder_keeps_the_previous_list()
    {
        _folder.Replace("^/one$\n");
        using var file = _folder.Follow();

        Directory.Delete(_folder.Path, recursive: true);
        _folder.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal(["^/one$"], file.Items);
    }

    [Fact]
    public void A_locked_file_is_read_once_the_lock_is_released()
    {
        _folder.Replace("^/one$\n");
        using var file = _folder.Follow();

        _folder.Replace("^/two$\n");
        using (new FileStream(_folder.FilePath, FileMode.Open, FileAccess.Read, FileShare.None))
        {
            _folder.Pass(TimeSpan.FromSeconds(5));
        }

        Assert.Equal(["^/one$"], file.Items);
        Assert.Single(_folder.Logs);
        _folder.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(["^/two$"], file.Items);
    }

    [Fact]
    public void A_file_without_items_is_an_empty_list()
    {
        _folder.Replace("^/one$\n");
        using var file = _folder.Follow();

        _folder.Replace("\n");
        _folder.Pass(TimeSpan.FromSeconds(2));

        Assert.Empty(file.Items!);
    }

    [Fact]
    public void A_change_with_the_same_size_and_time_stamp_is_detected()
    {
        _folder.Replace("^/one$\n");
        var written = File.GetLastWriteTimeUtc(_folder.FilePath);
        using var file = _folder.Follow();
        _folder.Pass(TimeSpan.FromSeconds(10));

        _folder.Replace("^/two$\n");
        File.SetLastWriteTimeUtc(_folder.FilePath, written);
        _folder.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal(["^/two$"], file.Items);
    }

    [Theory]
    [InlineData("^/a\\,\n", "^/a,")]
    [InlineData("(?x) ^/a # b,\n\n", "(?x) ^/a # b,")]
    public void A_list_can_end_with_a_comma_that_is_not_a_delimiter(string text, string item)
    {
        _folder.Replace(text);
        using var file = _folder.Follow();

        Assert.Equal([item], file.Items);
    }

    [Fact]
    public void A_byte_order_mark_is_not_part_of_the_list()
    {
        _folder.Replace([.. Encoding.UTF8.Preamble, .. "^/one$\n"u8]);
        using var file = _folder.Follow();

        Assert.Equal(["^/one$"], file.Items);
    }

    [Fact]
    public void Only_a_changed_list_triggers_a_reload()
    {
        _folder.Replace("^/one$\n");
        using var file = _folder.Follow();
        var changes = 0;
        using var subscription = ChangeToken.OnChange(file.GetChangeToken, () => changes++);

        foreach (var text in new[] { "^/one$\n", "^/one", "^/two$\n", "^/two$\n" })
        {
            _folder.Replace(text);
            _folder.Pass(TimeSpan.FromSeconds(2));
        }

        Assert.Equal(1, changes);
    }

    [Fact]
    public void A_subscriber_that_throws_does_not_stop_the_polling()
    {
        _folder.Replace("^/one$\n");
        using var file = _folder.Follow();
        using var subscription = ChangeToken.OnChange(file.GetChangeToken, () => throw new InvalidOperationException());

        foreach (var text in new[] { "^/two$\n", "^/three$\n" })
        {
            _folder.Replace(text);
            _folder.Pass(TimeSpan.FromSeconds(2));
        }

        Assert.Equal(["^/three$"], file.Items);
    }

    public void Dispose() => _folder.Dispose();
}
