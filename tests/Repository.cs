namespace Tests;

/// <summary>The repository that the tests run in.</summary>
internal static class Repository
{
    public static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Aspire.RouteTracing.sln")))
            {
                folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
            }

            return folder.FullName;
        }
    }
}
