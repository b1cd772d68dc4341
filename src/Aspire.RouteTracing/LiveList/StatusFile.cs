using System.Diagnostics;
using System.Globalization;

namespace Aspire.RouteTracing.LiveList;

/// <summary>This process's <see cref="ServiceStatus"/> in the folder that the AppHost names.</summary>
internal sealed class StatusFile(string folder)
{
    /// <summary>The configuration key that names the folder. The AppHost sets it while it runs.</summary>
    public const string FolderKey = "Aspire:RouteTracing:StatusFolder";

    private readonly string _path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}.json"));

    public static DateTimeOffset ProcessStart { get; } = GetProcessStart();

    /// <exception cref="IOException">The folder is gone or can't be written.</exception>
    public void Write(ServiceStatus status) => OwnerOnlyFile.Replace(_path, status.ToJson());

    public void Delete() => File.Delete(_path);

    private static DateTimeOffset GetProcessStart()
    {
        using var process = Process.GetCurrentProcess();
        return process.StartTime;
    }
}
