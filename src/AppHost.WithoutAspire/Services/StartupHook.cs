using AppHost.WithoutAspire.Services;
using Microsoft.AspNetCore.Hosting;

[assembly: HostingStartup(typeof(StopWithParent))]

/// <summary>
/// Named by DOTNET_STARTUP_HOOKS, which loads this assembly into a service by its path; from then on the service's host finds it by its name,
/// as ASPNETCORE_HOSTINGSTARTUPASSEMBLIES asks it to.
/// </summary>
internal static class StartupHook
{
    public static void Initialize()
    {
    }
}
