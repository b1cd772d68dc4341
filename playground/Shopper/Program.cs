using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Shopper;

// No telemetry and no service defaults: the traces begin at the storefront.
var builder = Host.CreateApplicationBuilder(args);

builder.Logging.AddFilter("System.Net.Http", LogLevel.Warning);
builder.Services.AddServiceDiscovery();
builder.Services.AddHttpClient<StorefrontClient>(client => client.BaseAddress = new("http://storefront")).AddServiceDiscovery();
builder.Services.AddHostedService<Customer>();

builder.Build().Run();
