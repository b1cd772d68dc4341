using Microsoft.AspNetCore.Builder;

namespace Aspire.RouteTracing.Tests.RouteNames.Apps;

/// <summary>A way to put an application together.</summary>
internal sealed record AppShape(Action<WebApplication> Map, Action<WebApplicationBuilder>? Configure = null);
