using System.Security.Cryptography;

namespace AppHost.WithoutAspire.Services;

/// <summary>The services of the <see cref="Shop"/>, running and listening.</summary>
internal sealed class ShopProcesses : IAsyncDisposable
{
    private readonly List<ServiceProcess> _processes = [];

    private ShopProcesses()
    {
    }

    public IReadOnlyList<ServiceProcess> All => _processes;

    public Uri Storefront => new(ServiceEnvironment.Address(_processes.Single(process => process.Name == Shop.Storefront.Name).Port));

    /// <param name="storefrontPort">0 for any that is free, as the other services have.</param>
    /// <param name="otlpEndpoint">Where telemetry goes; null where the variables of this process say it.</param>
    /// <param name="overrides">Environment variables that every service gets besides, or instead.</param>
    /// <exception cref="PlaygroundException">The port is taken, or a service does not come up.</exception>
    public static async Task<ShopProcesses> StartAsync(
        int storefrontPort, Uri? otlpEndpoint, IReadOnlyDictionary<string, string> overrides, CancellationToken cancellation)
    {
        var names = Shop.Services.Select(service => service.Name).OrderByDescending(name => name == Shop.Storefront.Name);
        var ports = names.Zip(LoopbackPorts.Find(storefrontPort, Shop.Services.Count)).ToDictionary();
        var exclusionKey = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));

        var shop = new ShopProcesses();
        try
        {
            foreach (var service in Shop.Services)
            {
                var environment = ServiceEnvironment.For(service, ports, otlpEndpoint, exclusionKey);
                foreach (var (name, value) in overrides)
                {
                    environment[name] = value;
                }

                shop._processes.Add(ServiceProcess.Start(service, ports[service.Name], environment));
            }

            await Task.WhenAll(shop._processes.Select(process => process.WaitUntilItListensAsync(cancellation)));
            return shop;
        }
        catch
        {
            await shop.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="PlaygroundException">A service has ended.</exception>
    public void ThrowIfAnyEnded() => _processes.ForEach(process => process.ThrowIfEnded());

    /// <summary>Stops the services; when this returns, they have sent all the telemetry they had.</summary>
    public Task StopAsync() => Task.WhenAll(_processes.Select(process => process.StopAsync()));

    public async ValueTask DisposeAsync() => await Task.WhenAll(_processes.Select(process => process.DisposeAsync().AsTask()));
}
