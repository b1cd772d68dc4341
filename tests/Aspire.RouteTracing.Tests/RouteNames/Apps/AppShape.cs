using Microsoft.AspNetCore.Builder;

namespace Aspire.RouteTracing.Tests.RouteNames.Apps;

/// <summary>A shape of application: its services and its pipeline.</summary>
internal sealed record AppShape(Action<WebApplication> Map, Action<WebApplicationBuilder>? Configure = null);
