using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Aspire.RouteTracing.Soak;

/// <summary>A source of configuration whose lists change at every reload.</summary>
internal sealed class ReloadedList : ConfigurationProvider, IConfigurationSource
{
    /// <summary>The header that every other version captures.</summary>
    public const string ToggledHeader = "x-toggle";

    public ReloadedList() => Write();

    public int Version { get; private set; }

    /// <summary>Returns the item that excludes one half of the toggled requests.</summary>
    public static string Toggle(bool isOdd) => isOdd ? "^/toggle/odd/" : "^/toggle/even/";

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <summary>Puts the next version in force. It is in force when this returns.</summary>
    public void Reload()
    {
        Version++;
        Write();
        OnReload();
    }

    private void Write()
    {
        var isOdd = int.IsOddInteger(Version);
        Data["OTEL_DOTNET_ASPNETCORE_EXCLUDED_URLS"] = string.Create(
            CultureInfo.InvariantCulture, $"^/excluded/,{Toggle(isOdd)},^/version{Version}/[0-9]+$,{(isOdd ? "(bad" : "")}");
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

    /// <summary>Replaces the list, and waits until it is in force.</summary>
    /// <returns>Whether it came into force.</returns>
    public async Task<bool> ReplaceAsync(string pattern, IRouteTracing tracing)
    {
        Write(pattern);
        var deadline = Environment.TickCount64 + (long)Deadline.TotalMilliseconds;
        using var timer = new PeriodicTimer(Pause);
        while (tracing.ExcludedUrls.All(exclusion => exclusion.Pattern != pattern))
        {
            if (Environment.TickCount64 > deadline)
            {
                return false;
            }

            await timer.WaitForNextTickAsync();
        }

        return true;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(string pattern)
    {
        File.WriteAllText(FilePath + ".next", pattern + "\n");
        File.Move(FilePath + ".next", FilePath, overwrite: true);
    }
}
