using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.SignalR;

namespace Aspire.RouteTracing.Tests.ExcludedUrls.Apps;

[ExcludeFromTracing]
[Route("quiet-controller")]
public sealed class QuietController : ControllerBase
{
    [HttpGet]
    public string Get() => "quiet";
}

[Route("half-quiet-controller")]
public sealed class HalfQuietController : ControllerBase
{
    [ExcludeFromTracing]
    [HttpGet("quiet")]
    public string Quiet() => "quiet";

    [HttpGet("traced")]
    public string Traced() => "traced";
}

[ExcludeFromTracing]
public sealed class QuietHub : Hub;

public sealed class EchoHub : Hub
{
    public string Echo(string text) => text;
}
