using System.Text;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.Hosting.RouteTracing.LiveExclusions;

/// <summary>A list that a running service looks at; it takes the text for whole when it ends with a line break.</summary>
internal sealed class LiveListFile(string path)
{
    public string Path { get; } = path;

    /// <summary>Replaces the list by a rename, so that nobody reads half of it. For one thread at a time.</summary>
    public void Write(IEnumerable<string> patterns)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        var folder = System.IO.Path.GetDirectoryName(Path)!;

        // A long run's folder may have been cleaned away, as the system does with temporary files that are old.
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var next = $"{Path}.next";

        // Half of a surrogate pair is replaced, as in a variable, which can't hold it either.
        using (var writer = new StreamWriter(next, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), options))
        {
            writer.Write($"{ExclusionListFormat.Write(patterns)}\n");
        }

        File.Move(next, Path, overwrite: true);
    }
}
