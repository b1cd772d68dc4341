using System.Globalization;

namespace Aspire.RouteTracing.Soak;

/// <summary>Sends requests, a million if the command line does not say how many, while everything that can change changes.</summary>
public static class Program
{
    private const int DefaultRequests = 1_000_000;

    /// <returns>The exit code: 0 where nothing went wrong.</returns>
    public static async Task<int> Main(string[] args)
    {
        var requests = DefaultRequests;
        if (args.Length > 1 || (args.Length == 1 && (!int.TryParse(args[0], NumberStyles.None, CultureInfo.InvariantCulture, out requests) || requests < Run.FewestRequests)))
        {
            await Console.Error.WriteLineAsync($"The only argument is the number of requests, {Run.FewestRequests} at least; without it, it is {DefaultRequests}.");
            return 1;
        }

        var faults = await new Run(requests, Console.Out).RunAsync();
        foreach (var fault in faults)
        {
            await Console.Out.WriteLineAsync($"FAULT: {fault}");
        }

        await Console.Out.WriteLineAsync(faults.Count == 0 ? "No fault." : $"{faults.Count} kinds of fault.");
        return faults.Count == 0 ? 0 : 1;
    }
}
