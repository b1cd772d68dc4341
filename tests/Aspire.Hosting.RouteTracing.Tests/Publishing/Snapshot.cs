namespace Aspire.Hosting.RouteTracing.Tests.Publishing;

/// <summary>A text that is kept beside the tests. UPDATE_SNAPSHOTS=1 writes it.</summary>
internal static class Snapshot
{
    public static void Match(string fileName, string actual)
    {
        var path = Path.Combine(Repository.Root, "tests/Aspire.Hosting.RouteTracing.Tests/Publishing/Snapshots", fileName);
        actual = actual.ReplaceLineEndings("\n");
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), actual);
    }
}
