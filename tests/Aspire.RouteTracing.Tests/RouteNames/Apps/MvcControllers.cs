using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Routing;
using Microsoft.AspNetCore.Routing;

namespace Aspire.RouteTracing.Tests.RouteNames.Apps;

[ApiController]
[Route("api/[controller]")]
public sealed class WidgetsController : ControllerBase
{
    [HttpGet("{id:int}")]
    public string Get(int id) => $"{id}";

    [HttpGet("/absolute/{name}")]
    public string Absolute(string name) => name;

    [HttpGet("~/rooted")]
    public string Rooted() => "rooted";

    [HttpGet("[action]")]
    public string Newest() => "newest";
}

public sealed class HomeController : Controller
{
    public string Index() => "index";

    public string About() => "about";

    public string Lost() => "lost";
}

/// <summary>The target of the dynamic route and of the conventional route.</summary>
public sealed class HiddenController : Controller
{
    public string Found() => "found";
}

[Area("Admin")]
public sealed class UsersController : Controller
{
    public string Edit(int id) => $"{id}";
}

public sealed class OrderItemsController : Controller
{
    public string AllOpen(string? id) => $"{id}";
}

[Area("BackOffice")]
public sealed class UserAdminController : Controller
{
    public string ListAll() => "all";
}

/// <summary>Writes OrderItems as order-items.</summary>
public sealed partial class Slugify : IOutboundParameterTransformer
{
    public string? TransformOutbound(object? value) => value is null ? null : WordBoundary().Replace($"{value}", "-").ToLowerInvariant();

    [GeneratedRegex("(?<=[a-z])(?=[A-Z])")]
    private static partial Regex WordBoundary();
}

/// <summary>Looks up the action for a path, as a content management system does.</summary>
public sealed class ContentRoutes : DynamicRouteValueTransformer
{
    public override ValueTask<RouteValueDictionary> TransformAsync(HttpContext httpContext, RouteValueDictionary values) =>
        ValueTask.FromResult(new RouteValueDictionary { ["controller"] = "Hidden", ["action"] = "Found" });
}

public sealed class PageRoutes : DynamicRouteValueTransformer
{
    public override ValueTask<RouteValueDictionary> TransformAsync(HttpContext httpContext, RouteValueDictionary values) =>
        ValueTask.FromResult(new RouteValueDictionary { ["page"] = "/Lost" });
}
