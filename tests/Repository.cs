namespace Tests;

/// <summary>The repository that the tests and the benchmarks run in.</summary>
internal static class Repository
{
    public static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Aspire.RouteTracing.sln")))
            {
                folder = folder.Parent ?? throw new InvalidOperationException("This runs outside the repository, whose files it needs.");
            }

            return folder.FullName;
        }
    }
}
