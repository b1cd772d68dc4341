using System.Diagnostics;
using System.Globalization;

namespace Aspire.RouteTracing.LiveList;

/// <summary>Writes the <see cref="ServiceStatus"/> of this process to the folder that the AppHost names.</summary>
internal sealed class StatusFile(string folder)
{
    /// <summary>The configuration key of the folder. The AppHost sets it in run mode.</summary>
    public const string FolderKey = "Aspire:RouteTracing:StatusFolder";

    private readonly string _path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}.json"));

    public static DateTimeOffset ProcessStart { get; } = GetProcessStart();

    /// <exception cref="IOException">The folder doesn't exist or can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder can't be written.</exception>
    public void Write(ServiceStatus status) => OwnerOnlyFile.Replace(_path, status.ToJson());

    public void Delete() => File.Delete(_path);

    private static DateTimeOffset GetProcessStart()
    {
        using var process = Process.GetCurrentProcess();
        return process.StartTime;
    }
}
