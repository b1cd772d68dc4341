using System.Text.Encodings.Web;
using Grpc.Core;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Aspire.RouteTracing.Tests.RouteNames.Apps;

public sealed class ChatHub : Hub
{
    public string Echo(string text) => text;
}

public sealed class GreeterService : Greeter.GreeterBase
{
    public override Task<Greeting> SayHello(Name request, ServerCallContext context) =>
        Task.FromResult(new Greeting { Text = request.Text });

    public override Task<Greeting> Fail(Name request, ServerCallContext context) =>
        throw new RpcException(new Status(StatusCode.Internal, "failed"));
}

/// <summary>Answers 503 to every exception.</summary>
internal sealed class UnavailableExceptionHandler : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        httpContext.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        await httpContext.Response.WriteAsync("unavailable", cancellationToken);
        return true;
    }
}

/// <summary>Knows nobody.</summary>
internal sealed class NobodyAuthenticationHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(AuthenticateResult.NoResult());
}
