using System.Security.Cryptography;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Lifecycle;
using Microsoft.Extensions.DependencyInjection;

namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>Makes the application's exclusions once, with the first call of any of the methods.</summary>
internal static class ApplicationExclusionsRegistration
{
    private const string KeyParameter = "route-tracing-exclusion-key";
    private const int KeyBytes = 32;

    public static ApplicationExclusions AddTo(IDistributedApplicationBuilder builder)
    {
        var registered = builder.Services.FirstOrDefault(service => service.ServiceType == typeof(ApplicationExclusions));
        if (registered?.ImplementationInstance is ApplicationExclusions present)
        {
            return present;
        }

        var exclusions = new ApplicationExclusions(builder.ExecutionContext.IsPublishMode ? AddKeyParameter(builder) : NewKey());
        builder.Services.AddSingleton(exclusions);
        builder.Services.TryAddEventingSubscriber<ExclusionsSubscriber>();
        return exclusions;
    }

    private static string NewKey() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes));

    private static ParameterResource AddKeyParameter(IDistributedApplicationBuilder builder)
        => builder.AddParameter(KeyParameter, new GenerateParameterDefault { MinLength = KeyBytes, Special = false }, secret: true).Resource;
}
