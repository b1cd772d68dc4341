using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Aspire.RouteTracing.LiveList;

namespace Aspire.Hosting.RouteTracing.LiveList;

/// <summary>The statuses that the processes of a resource report.</summary>
internal static class ServiceStatuses
{
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(1);

    /// <summary>Reads the statuses of running processes and deletes those of ended ones. Files that are not a status are ignored.</summary>
    public static IReadOnlyList<ServiceStatus> Read(string folder)
    {
        var statuses = new List<ServiceStatus>();
        try
        {
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*.json"))
            {
                var name = file.Name.AsSpan(0, file.Name.IndexOf('.'));
                if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var processId)
                    || ReadFile(file) is not { } status)
                {
                    continue;
                }

                if (IsRunning(processId, file.LastWriteTimeUtc))
                {
                    statuses.Add(status with { ProcessId = processId });
                }
                else
                {
                    Delete(file);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The folder was deleted meanwhile.
        }

        return statuses;
    }

    /// <summary>Counts the processes whose applications all meet a condition.</summary>
    public static int CountProcesses(this IEnumerable<ServiceStatus> statuses, Func<ServiceStatus, bool> condition) =>
        statuses.GroupBy(status => status.ProcessId).Count(process => process.All(condition));

    private static void Delete(FileInfo file)
    {
        try
        {
            file.Delete();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next read tries again.
        }
    }

    private static ServiceStatus? ReadFile(FileInfo file)
    {
        try
        {
            // Opening a pipe can block forever. A pipe has no size.
            if (file.Length == 0 || file.LinkTarget is not null)
            {
                return null;
            }

            using var stream = OwnerOnlyFile.OpenRead(file.FullName);
            return ServiceStatus.FromJson(stream);
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // A later process with the same id started after the file was written. The clock can be set back in between.
    private static bool IsRunning(int processId, DateTime written)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return process.StartTime.ToUniversalTime() <= written + ClockTolerance && !IsZombie(processId);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or Win32Exception or IOException)
        {
            return false;
        }
    }

    // An ended process keeps its id until its parent waits for it. The first process of a container may never do that.
    private static bool IsZombie(int processId)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        // The state follows the name of the program, which is in parentheses and can contain some.
        var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/stat"));
        return stat.AsSpan(stat.LastIndexOf(')') + 1).StartsWith(" Z", StringComparison.Ordinal);
    }
}
