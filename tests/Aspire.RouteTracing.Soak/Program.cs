using System.Globalization;

namespace Aspire.RouteTracing.Soak;

/// <summary>Sends requests to services with route tracing, and compares what they export and keep with what they must.</summary>
public static class Program
{
    private const int DefaultRequests = 2_400_000;
    private const int MinRequests = 3_000;

    /// <returns>The exit code: 0 when no fault was found.</returns>
    public static async Task<int> Main(string[] args)
    {
        var requests = DefaultRequests;
        if (args.Length > 1
            || (args.Length == 1 && !int.TryParse(args[0], CultureInfo.InvariantCulture, out requests))
            || requests < MinRequests)
        {
            await Console.Error.WriteLineAsync(
                $"The only argument is the number of requests, at least {MinRequests}. Without it, it is {DefaultRequests}.");
            return 1;
        }

        var faults = new Faults();
        foreach (var sampler in Sampler.All)
        {
            try
            {
                await new SamplerRun(sampler, requests / Sampler.All.Count, faults, Console.Out).RunAsync();
            }
            catch (Exception exception)
            {
                faults.Add($"{sampler.Name}: expected no exception, got {exception.GetType()}", exception.ToString());
            }
        }

        faults.WriteTo(Console.Out);
        return faults.IsEmpty ? 0 : 1;
    }
}
