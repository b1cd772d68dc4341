using Microsoft.Extensions.Configuration;

namespace Aspire.RouteTracing.Soak;

/// <summary>A source of configuration whose lists change at every reload.</summary>
internal sealed class ReloadedList : ConfigurationProvider, IConfigurationSource
{
    /// <summary>The header that every other version captures.</summary>
    public const string ToggledHeader = "x-toggle";

    private static readonly string[] Sides = ["even", "odd"];

    private readonly RequestCase[][] _cases =
    [
        RequestCase.CreateToggled("even", isCaptured: false, Sides),
        RequestCase.CreateToggled("odd", isCaptured: true, Sides),
    ];

    public ReloadedList() => Write();

    public int Version { get; private set; }

    /// <summary>Gets the cases whose outcome depends on the version.</summary>
    public IEnumerable<RequestCase> Cases => _cases[Version % 2];

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <summary>Replaces the list by the next versions. The service uses the last one when this returns.</summary>
    public void Reload(int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            Version++;
            Write();
            OnReload();
        }
    }

    private void Write()
    {
        var isOdd = Version % 2 == 1;
        Data["OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"] =
            $"^/excluded/,^/toggle/{(isOdd ? "odd/,(bad" : "even/")},^/version{Version}/[0-9]+$";
        Data["Aspire:RouteTracing:CapturedRequestHeaders"] =
            $"{SoakRequest.NumberHeader},authorization,x-soak-.*{(isOdd ? $",{ToggledHeader}" : "")}";
    }
}

/// <summary>The file that an AppHost would keep the list in.</summary>
internal sealed class ListFile : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("soak").FullName;

    public ListFile(string pattern) => Write(pattern);

    public string FilePath => Path.Combine(_folder, "excluded-urls.txt");

    /// <summary>Replaces the list, and waits until the service uses it.</summary>
    /// <returns>Whether the service uses it.</returns>
    public async Task<bool> ReplaceAsync(string pattern, IRouteTracing tracing)
    {
        Write(pattern);
        using var deadline = new CancellationTokenSource(Deadline);
        using var timer = new PeriodicTimer(Pause);
        while (!deadline.IsCancellationRequested && tracing.ExcludedUrls.All(exclusion => exclusion.Pattern != pattern))
        {
            await timer.WaitForNextTickAsync();
        }

        return !deadline.IsCancellationRequested;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(string pattern)
    {
        File.WriteAllText(FilePath + ".next", pattern + "\n");
        File.Move(FilePath + ".next", FilePath, overwrite: true);
    }
}
