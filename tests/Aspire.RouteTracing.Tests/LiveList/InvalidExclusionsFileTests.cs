using System.Runtime.Versioning;
using System.Text;

namespace Aspire.RouteTracing.Tests.LiveList;

/// <summary>A file that is not a complete list keeps the previous list.</summary>
public sealed class InvalidExclusionsFileTests : IDisposable
{
    private readonly ExclusionsFileFolder _folder = new();

    [Theory]
    [InlineData("^/two$")]
    [InlineData("^/two$,^/thr")]
    [InlineData("^/two$,\n")]
    [InlineData("^/two$, \n\n")]
    [InlineData("base64:Xi90d28k")]
    [InlineData("")]
    public void An_incomplete_file_keeps_the_previous_list(string text)
    {
        _folder.Replace("^/one$\n");
        using var file = _folder.Follow();

        File.WriteAllText(_folder.FilePath, text);
        _folder.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal(["^/one$"], file.Items);
    }

    [Theory]
    [InlineData("^/two$,(bad\n")]
    [InlineData("base64:***\n")]
    public void An_invalid_list_keeps_the_previous_list(string text)
    {
        _folder.Replace("^/one$\n");
        using var file = _folder.Follow();

        _folder.Replace(text);
        _folder.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal(["^/one$"], file.Items);
    }

    [Theory]
    [InlineData("^/two$", "does not end with a line break")]
    [InlineData("^/two$,(bad\n", "'(bad', item 2, is invalid")]
    [InlineData("base64:***\n", "is not base64")]
    [InlineData(null, "does not exist")]
    public void A_file_that_stays_invalid_is_logged_once(string? text, string reason)
    {
        _folder.Replace("^/one$\n");
        using var file = _folder.Follow();

        if (text is null)
        {
            File.Delete(_folder.FilePath);
        }
        else
        {
            _folder.Replace(text);
        }

        _folder.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(_folder.Logs);

        _folder.Pass(TimeSpan.FromSeconds(10));

        var log = Assert.Single(_folder.Logs);
        Assert.Contains(_folder.FilePath, log.FormattedMessage);
        Assert.Contains(reason, log.FormattedMessage);
    }

    [Fact]
    public void A_file_that_becomes_invalid_again_is_logged_again()
    {
        using var file = _folder.Follow();
        foreach (var text in new[] { "^/one$", "^/one$\n", "^/two$" })
        {
            _folder.Replace(text);
            _folder.Pass(TimeSpan.FromSeconds(5));
        }

        Assert.Equal(2, _folder.Logs.Count);
    }

    [Fact]
    public void A_changed_file_that_is_still_invalid_is_logged_again()
    {
        using var file = _folder.Follow();
        foreach (var text in new[] { "^/one$", "^/two$" })
        {
            _folder.Replace(text);
            _folder.Pass(TimeSpan.FromSeconds(5));
        }

        Assert.Equal(2, _folder.Logs.Count);
    }

    [Fact]
    public void A_file_that_is_missing_for_a_moment_is_not_logged()
    {
        _folder.Replace("^/one$\n");
        using var file = _folder.Follow();
        _folder.Pass(TimeSpan.FromSeconds(5));

        File.Move(_folder.FilePath, _folder.FilePath + ".away");
        _folder.Pass(TimeSpan.FromSeconds(1));
        File.Move(_folder.FilePath + ".away", _folder.FilePath);
        _folder.Pass(TimeSpan.FromSeconds(5));

        Assert.Empty(_folder.Logs);
    }

    [Theory]
    [InlineData("pipe", "not a regular file")]
    [InlineData("/dev/zero", "not a regular file")]
    [InlineData("/dev/null", "not a regular file")]
    [InlineData("directory", "is a directory")]
    public async Task A_path_that_is_not_a_regular_file_is_logged_and_does_not_block(string kind, string reason)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs pipes and devices of Unix.");
        _folder.Replace("^/one$\n");
        using var file = _folder.Follow();

        await _folder.PutInPlaceAsync(kind);
        await Task.Run(() => _folder.Pass(TimeSpan.FromSeconds(10)), TestContext.Current.CancellationToken).WithinAMinute();

        Assert.Equal(["^/one$"], file.Items);
        Assert.Contains(reason, Assert.Single(_folder.Logs).FormattedMessage, StringComparison.Ordinal);
    }

    // If the system has deleted the AppHost's folder, another user can create one with its name.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [UnsupportedOSPlatform("windows")]
    public void The_AppHosts_list_is_ignored_while_others_can_open_its_folder(bool isOfAppHost)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Modes are tested on Unix.");
        _folder.Replace("^/one$\n");
        using var file = _folder.Follow(isOfAppHost ? _folder.Path : null);
        var mode = File.GetUnixFileMode(_folder.Path);

        File.SetUnixFileMode(_folder.Path, mode | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        _folder.Replace("^/two$\n");
        _folder.Pass(TimeSpan.FromSeconds(10));

        Assert.Equal([isOfAppHost ? "^/one$" : "^/two$"], file.Items);
        Assert.Equal(
            isOfAppHost ? [$"The folder '{_folder.Path}' is a link, or other users can open it. Delete it, or restart the AppHost."] : [],
            _folder.Logs.Select(log => log.Attributes!.Single(attribute => attribute.Key == "Reason").Value));

        File.SetUnixFileMode(_folder.Path, mode);
        _folder.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(["^/two$"], file.Items);
    }

    [Theory]
    [InlineData("Latin-1")]
    [InlineData("UTF-16LE")]
    [InlineData("UTF-16BE")]
    [InlineData("binary")]
    public void Content_that_is_not_UTF_8_keeps_the_previous_list(string encoding)
    {
        _folder.Replace("^/one$\n");
        using var file = _folder.Follow();

        _folder.Replace(encoding switch
        {
            "Latin-1" => Encoding.Latin1.GetBytes("^/caf\u00E9$\n"),
            "UTF-16LE" => Encoding.Unicode.GetBytes("^/two$\n"),
            "UTF-16BE" => Encoding.BigEndianUnicode.GetBytes("^/two$\n"),
            _ => [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, (byte)'\n'],
        });
        _folder.Pass(TimeSpan.FromSeconds(10));

        Assert.Equal(["^/one$"], file.Items);
        Assert.Contains("is not UTF-8 text", Assert.Single(_folder.Logs).FormattedMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1_000_000, true)]
    [InlineData(1_000_001, false)]
    public void A_file_of_more_than_a_megabyte_is_ignored(int bytes, bool isUsed)
    {
        _folder.Replace("^/one$\n");
        using var file = _folder.Follow();

        _folder.Replace("^/two$" + new string(' ', bytes - "^/two$\n".Length) + "\n");
        _folder.Pass(TimeSpan.FromSeconds(10));

        Assert.Equal([isUsed ? "^/two$" : "^/one$"], file.Items);
        Assert.Equal(isUsed ? 0 : 1, _folder.Logs.Count);
    }

    public void Dispose() => _folder.Dispose();
}
