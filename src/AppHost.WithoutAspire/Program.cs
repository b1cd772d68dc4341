using System.CommandLine;
using System.Globalization;
using Spectre.Console;

namespace AppHost.WithoutAspire;

/// <summary>The playground where the package sources have no Aspire packages: src/AppHost hands its command line on to here.</summary>
public static class Program
{
    private const int DefaultPort = 5180;

    // The services are given up to 15 s to shut down in order.
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(30);

    /// <returns>The exit code: 0 where all went as expected.</returns>
    public static Task<int> Main(string[] args)
    {
        var once = new Option<bool>("--once")
        {
            Description = "Send one round of traffic, end, and fail if the traces are not the expected ones.",
        };
        var port = new Option<int>("--port")
        {
            Description = "The port of the storefront on 127.0.0.1. The other services take any that is free, and so does the storefront with 0.",
            DefaultValueFactory = _ => DefaultPort,
        };
        port.Validators.Add(result =>
        {
            // The value itself can't be asked for where it is no number.
            if (result.Tokens is [{ Value: var text }] && !ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                result.AddError($"--port takes a number from 0 to {ushort.MaxValue}.");
            }
        });

        var command = new RootCommand(
            "Runs the playground without an AppHost: the services as processes, sample traffic, the traces as trees. " +
            "Where OTEL_EXPORTER_OTLP_ENDPOINT is set, the telemetry goes there instead.")
        {
            once,
            port,
        };
        command.SetAction((arguments, cancellation) => RunAsync(arguments.GetValue(once), arguments.GetValue(port), cancellation));
        return command.Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = TerminationTimeout });
    }

    private static async Task<int> RunAsync(bool once, int port, CancellationToken cancellation)
    {
        var playground = new Playground(AnsiConsole.Console, port);
        try
        {
            if (once)
            {
                return await playground.RunOnceAsync(cancellation);
            }

            await playground.RunAsync(cancellation);
            return 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return once ? 1 : 0;
        }
        catch (PlaygroundException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }
}
