using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AppHost.WithoutAspire.Services;

/// <summary>
/// Runs in each service: shuts it down in order, so that it sends the telemetry it still holds, when its standard input ends. The process
/// that started it closes that pipe to stop it; if that process is killed, the system closes it.
/// </summary>
internal sealed class StopWithParent : IHostingStartup
{
    public void Configure(IWebHostBuilder builder) =>
        builder.ConfigureServices(services => services.AddHostedService<StandardInputWatch>());

    private sealed class StandardInputWatch(IHostApplicationLifetime lifetime) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            new Thread(Watch) { IsBackground = true, Name = nameof(StandardInputWatch) }.Start();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        private void Watch()
        {
            using var input = Console.OpenStandardInput();
            while (input.ReadByte() >= 0)
            {
            }

            lifetime.StopApplication();
        }
    }
}
