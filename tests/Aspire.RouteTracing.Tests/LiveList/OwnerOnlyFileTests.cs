using System.Runtime.Versioning;
using Aspire.RouteTracing.LiveList;

namespace Aspire.RouteTracing.Tests.LiveList;

[UnsupportedOSPlatform("windows")]
public sealed class OwnerOnlyFileTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();
    private readonly string _path;

    public OwnerOnlyFileTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Modes and links are tested on Unix.");
        _path = Path.Combine(_folder.FullName, "file");
    }

    [Fact]
    public void A_new_file_is_private()
    {
        OwnerOnlyFile.Replace(_path, "content"u8);

        Assert.Equal(OwnerOnly, File.GetUnixFileMode(_path));
        Assert.Equal("content", File.ReadAllText(_path));
    }

    [Fact]
    public void A_file_is_replaced_by_a_private_one()
    {
        File.WriteAllText(_path, "old and longer");
        File.WriteAllText($"{_path}.next", "of a process that was killed");

        OwnerOnlyFile.Replace(_path, "new"u8);

        Assert.Equal("new", File.ReadAllText(_path));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(_path));
        Assert.Equal([_path], Directory.GetFiles(_folder.FullName));
    }

    [Fact]
    public void A_link_to_nothing_is_replaced()
    {
        var target = Path.Combine(_folder.FullName, "target");
        File.CreateSymbolicLink(_path, target);

        OwnerOnlyFile.Replace(_path, "new"u8);

        Assert.Equal("new", File.ReadAllText(_path));
        Assert.Equal([_path], Directory.GetFiles(_folder.FullName));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
