using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Aspire.RouteTracing.LiveList;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>The statuses that the processes of a resource report.</summary>
internal static class ServiceStatuses
{
    private const int MaxBytes = 10_000_000;

    // Both processes compute the start time from the boot time, each with its own rounding.
    private static readonly TimeSpan StartTolerance = TimeSpan.FromSeconds(2);

    /// <summary>Reads the statuses of running processes and deletes those of ended ones. Files that are not a status are ignored.</summary>
    public static IReadOnlyList<ServiceStatus> Read(string folder)
    {
        var statuses = new List<ServiceStatus>();
        try
        {
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*.json"))
            {
                var name = Path.GetFileNameWithoutExtension(file.Name);
                if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var processId)
                    || ReadFile(file) is not { } status
                    || status.ProcessId != processId)
                {
                    continue;
                }

                if (IsRunning(status))
                {
                    statuses.Add(status);
                }
                else
                {
                    file.Delete();
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The folder or a file was deleted meanwhile. The next read finds the others.
        }

        return statuses;
    }

    private static ServiceStatus? ReadFile(FileInfo file)
    {
        try
        {
            return file.LinkTarget is null && file.Length <= MaxBytes ? ServiceStatus.FromJson(File.ReadAllBytes(file.FullName)) : null;
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsRunning(ServiceStatus status)
    {
        try
        {
            using var process = Process.GetProcessById(status.ProcessId);
            return (new DateTimeOffset(process.StartTime) - status.ProcessStart).Duration() <= StartTolerance;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return false;
        }
    }
}
