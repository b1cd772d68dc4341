using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>A library, an application that uses it, and the requests that the application answers.</summary>
/// <param name="Name">The name of the package.</param>
/// <param name="Type">A type of the library, whose assembly has the version. <see langword="null"/> for a part of ASP.NET Core.</param>
internal sealed partial record Library(string Name, Type? Type)
{
    /// <summary>The work of the application itself.</summary>
    public static readonly ActivitySource Work = new("Application");

    /// <summary>Gets the list of route tracing. An application that excludes endpoints needs none.</summary>
    public string ExcludedUrls { get; init; } = "";

    /// <summary>Gets what the Filter of the application without route tracing rejects.</summary>
    public required string FilteredUrls { get; init; }

    public required Action<WebApplicationBuilder> Configure { get; init; }

    /// <summary>Gets what adds the library's own instrumentation or sources.</summary>
    public Action<TracerProviderBuilder> Trace { get; init; } = _ => { };

    /// <summary>Gets whether a span belongs to a request, not to the end of the application.</summary>
    public Func<Activity, bool> IsOfRequest { get; init; } = _ => true;

    public required Action<WebApplication> Map { get; init; }

    public required IReadOnlyList<Use> Uses { get; init; }

    /// <summary>Gets the version of the package, as the assembly has it.</summary>
    public string Version
    {
        get
        {
            if (Type is null)
            {
                return "of ASP.NET Core";
            }

            var version = Type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
            return VersionOfPackage().Match(version ?? $"{Type.Assembly.GetName().Version}").Value;
        }
    }

    /// <summary>Sends a request to the application under route tracing, or under OpenTelemetry's instrumentation alone.</summary>
    public Task<Outcome> SendAsync(string request, Tracing tracing = Tracing.RouteTracing, string? sampler = null) =>
        Run.GetAsync(this, Uses.Single(use => use.Request == request), tracing, sampler);

    // Some assemblies have the number of the build or the commit behind it.
    [GeneratedRegex(@"^\d+\.\d+\.\d+(-[\w.]+)?")]
    private static partial Regex VersionOfPackage();
}
