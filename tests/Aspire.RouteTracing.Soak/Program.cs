using System.Globalization;
using Aspire.RouteTracing.Soak;

const int DefaultRequests = 2_400_000;
const int MinRequests = 3_000;

var requests = DefaultRequests;
if (args.Length > 1 || (args is [var text] && !int.TryParse(text, CultureInfo.InvariantCulture, out requests)) || requests < MinRequests)
{
    Console.Error.WriteLine($"The only argument is the number of requests, at least {MinRequests}. Without it, it is {DefaultRequests}.");
    return 1;
}

var faults = new Faults();
foreach (var sampler in Sampler.All)
{
    await new SamplerRun(sampler, requests / Sampler.All.Count, faults, Console.Out).RunAsync();
}

faults.WriteTo(Console.Out);
return faults.IsEmpty ? 0 : 1;

/// <summary>The soak.</summary>
public static partial class Program;
