using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>Middleware answers the token endpoint. Routing has chosen the fallback for it, which doesn't execute.</summary>
public sealed class OpenIddictTests : LibraryTests
{
    private const string Token = "POST /connect/token";

    internal static readonly Library OpenIddict = new("OpenIddict.AspNetCore", typeof(OpenIddictServerAspNetCoreHandler))
    {
        FilteredUrls = "^/app/",
        Configure = builder =>
        {
            builder.Services.AddAuthentication();
            builder.Services.AddOpenIddict().AddServer(server =>
            {
                server.SetTokenEndpointUris("/connect/token");
                server.AllowClientCredentialsFlow();
                server.EnableDegradedMode();

                // RSA keys take seconds to generate.
                server.AddEncryptionKey(new SymmetricSecurityKey(new byte[32])).AddEphemeralSigningKey(SecurityAlgorithms.EcdsaSha256);
                server.UseAspNetCore().DisableTransportSecurityRequirement();
                server.AddEventHandler<ValidateTokenRequestContext>(handler => handler.UseInlineHandler(_ => default));
                server.AddEventHandler<HandleTokenRequestContext>(handler => handler.UseInlineHandler(context =>
                {
                    using var work = Library.Work.StartActivity("sign in");
                    var identity = new ClaimsIdentity("token");
                    identity.SetClaim(OpenIddictConstants.Claims.Subject, "worker");
                    context.SignIn(new ClaimsPrincipal(identity));
                    return default;
                }));
            });
        },
        Map = app =>
        {
            app.UseAuthentication();
            app.MapFallback(() => "the page of the single-page application").ExcludeFromTracing();
        },
        Uses =
        [
            new(Token, "middleware answers, beside an excluded `MapFallback`") { Send = RequestTokenAsync },
            new("GET /app/orders", "the excluded `MapFallback`") { Exclusion = UseExclusion.Whole },
        ],
    };

    internal override Library Library => OpenIddict;

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    public async Task A_token_is_traced_beside_an_excluded_fallback(string? sampler)
    {
        var outcome = await OpenIddict.SendAsync(Token, sampler: sampler);

        Assert.Equal(200, outcome.Status);
        Assert.Equal(2, outcome.Spans.Count);
        Assert.Equal("sign in", outcome.Names[1]);
    }

    private static async Task<int> RequestTokenAsync(HttpClient client)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = "worker",
            ["client_secret"] = "of the worker",
        });
        var token = new Uri("/connect/token", UriKind.Relative);
        using var response = await client.PostAsync(token, form, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }
}
