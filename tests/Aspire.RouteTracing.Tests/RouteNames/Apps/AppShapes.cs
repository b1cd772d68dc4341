using System.Diagnostics;
using System.Threading.RateLimiting;
using Asp.Versioning;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Mvc.Controllers;
using Microsoft.AspNetCore.Rewrite;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using BadHttpRequestException = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace Aspire.RouteTracing.Tests.RouteNames.Apps;

/// <summary>The applications of the cases, by their name in cases.json.</summary>
internal static class AppShapes
{
    public static readonly IReadOnlyDictionary<string, AppShape> All = new Dictionary<string, AppShape>
    {
        ["Minimal APIs"] = new(MapMinimalApis),
        ["Controllers, attribute routes"] = new(app => app.MapControllers(), AddControllers),
        ["Controllers, conventional routes"] = new(MapConventionalRoutes, AddControllers),
        ["Controllers, conventional routes with parameter transformers"] = new(MapTransformedRoutes, AddTransformedRoutes),
        ["Razor Pages"] = new(MapRazorPages, AddRazorPages),
        ["Fallback endpoint"] = new(app => app.MapFallback(() => "fallback")),
        ["Fallback to a file"] = new(MapFallbackToFile),
        ["Fallback to a controller"] = new(app => app.MapFallbackToController("Lost", "Home"), AddControllers),
        ["Fallback to a page"] = new(app => app.MapFallbackToPage("/Lost"), AddRazorPages),
        ["UsePathBase"] = new(MapUnderPathBase, AddControllers),
        ["Map and MapWhen"] = new(MapBranches),
        ["UseRewriter"] = new(MapRewritten),
        ["A route value named page"] = new(MapPageRouteValue),
        ["UseExceptionHandler with a path"] = new(app => MapFailing(app, app => app.UseExceptionHandler("/error"))),
        ["UseExceptionHandler with a path, under UsePathBase"] = new(
            app => MapFailing(app, app => app.UsePathBase("/base").UseExceptionHandler("/error"))),
        ["UseExceptionHandler with a lambda"] = new(
            app => MapFailing(
                app, app => app.UseExceptionHandler(handler => handler.Run(context => context.Response.WriteAsync("sorry"))))),
        ["UseExceptionHandler with an IExceptionHandler"] = new(
            app => MapFailing(app, app => app.UseExceptionHandler()),
            builder => builder.Services.AddExceptionHandler<UnavailableExceptionHandler>().AddProblemDetails()),
        ["UseExceptionHandler with problem details"] = new(
            app => MapFailing(app, app => app.UseExceptionHandler()),
            builder => builder.Services.AddProblemDetails()),
        ["UseExceptionHandler with a StatusCodeSelector that answers 409"] = new(
            app => MapFailing(app, app => app.UseExceptionHandler(new ExceptionHandlerOptions
            {
                ExceptionHandlingPath = "/error",
                StatusCodeSelector = _ => StatusCodes.Status409Conflict,
            }))),
        ["UseDeveloperExceptionPage"] = new(app => MapFailing(app, app => app.UseDeveloperExceptionPage())),
        ["No exception handler"] = new(app => MapFailing(app, app => app)),
        ["UseStatusCodePagesWithReExecute"] = new(MapStatusCodePages),
        ["UseStatusCodePagesWithReExecute around UseExceptionHandler"] = new(MapStatusCodePagesAroundExceptionHandler),
        ["UseExceptionHandler around UseStatusCodePagesWithReExecute"] = new(MapExceptionHandlerAroundStatusCodePages),
        ["UseStatusCodePagesWithRedirects"] = new(MapStatusCodeRedirects),
        ["Authorization and rate limiter"] = new(MapGuarded, AddGuards),
        ["UseHttpsRedirection"] = new(
            app =>
            {
                app.UseHttpsRedirection();
                app.MapGet("/users/{id}", (string id) => id);
            },
            builder => builder.Services.AddHttpsRedirection(options => options.HttpsPort = 443)),
        ["CORS"] = new(
            app =>
            {
                app.UseCors();
                app.MapGet("/users/{id}", (string id) => id);
                app.MapGet("/shared/{id}", (string id) => id).RequireCors();
            },
            builder => builder.Services.AddCors(options => options.AddDefaultPolicy(policy => policy.AllowAnyOrigin()))),
        ["Static files, health checks, short circuits"] = new(MapShortCircuits, builder => builder.Services.AddHealthChecks()),
        ["WebSocket and SignalR"] = new(MapSockets, builder => builder.Services.AddSignalR()),
        ["gRPC"] = new(app => app.MapGrpcService<GreeterService>(), AddGrpc),
        ["gRPC with OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_ENABLE_GRPC_INSTRUMENTATION=true"] = new(
            app => app.MapGrpcService<GreeterService>(),
            builder =>
            {
                AddGrpc(builder);
                builder.Configuration.AddInMemoryCollection(
                    [new("OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_ENABLE_GRPC_INSTRUMENTATION", "true")]);
            }),
        ["Asp.Versioning"] = new(MapVersions, builder => builder.Services.AddApiVersioning()),
        ["YARP"] = new(MapProxy, AddProxy),
    };

    private static readonly PhysicalFileProvider Files = new(Path.Combine(AppContext.BaseDirectory, "RouteNames", "Apps", "wwwroot"));

    private static void MapMinimalApis(WebApplication app)
    {
        app.MapGet("/", () => "root");
        app.MapGet("/users/{id}", (string id) => id);
        app.MapGet("noslash/{id}", (string id) => id);
        app.MapGet("/ints/{id:int}", (int id) => id);
        app.MapGet("/ranges/{id:int:min(1)=5}", (int id) => id);
        app.MapGet("/defaults/{id=5}", (string id) => id);
        app.MapGet("/optional/{id?}", (string? id) => id ?? "none");
        app.MapGet("/files/{**path:nonfile}", (string path) => path);
        app.MapGet("/encoded/{*path}", (string path) => path);
        app.MapGet("/parts/{a}-{b}.{ext?}", (string a) => a);
        app.MapGet(@"/numbers/{ssn:regex(^\d{{3}}-\d{{4}}$)}", (string ssn) => ssn);
        app.MapGet("/trailing/", () => "trailing");
        app.MapGet("/named/{id}", (string id) => id).WithName("Named").WithDisplayName("A display name");
        app.Map("/any", () => "any");
        var group = app.MapGroup("/api/v{version:int}");
        group.MapGet("/", () => "group");
        group.MapGet("/items/{id}", (string id) => id);
        app.MapPost(
            "/upload",
            (HttpContext _) => Task.FromException(new BadHttpRequestException("too large", StatusCodes.Status413PayloadTooLarge)));
        app.MapGet("/slow/{id}", async context =>
        {
            context.RequestServices.GetRequiredService<WaitingRequests>().Release();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
    }

    private static void AddControllers(WebApplicationBuilder builder)
    {
        builder.Services.AddControllersWithViews()
            .AddApplicationPart(typeof(HomeController).Assembly)
            .ConfigureApplicationPartManager(parts => parts.FeatureProviders.Add(new WithoutExcludedControllers()));
        builder.Services.AddSingleton<ContentRoutes>();
    }

    private static void MapConventionalRoutes(WebApplication app)
    {
        app.MapControllerRoute("areas", "{area:exists}/{controller=Home}/{action=Index}/{id?}");
        app.MapControllerRoute("archive", "archive/{controller}/{action}/{year}", defaults: null, new { year = @"\d+" });
        app.MapControllerRoute("codes", @"codes/{controller}/{action}/{code:regex(^\d{{3}}$)}");
        app.MapControllerRoute("blog", "latest-news/{number:int}", new { controller = "Home", action = "About" });
        app.MapControllerRoute("default", "{controller=Home}/{action=Index}/{id?}");
        app.MapDynamicControllerRoute<ContentRoutes>("content/{**path}");
    }

    private static void AddTransformedRoutes(WebApplicationBuilder builder)
    {
        AddControllers(builder);
        builder.Services.AddRouting(options => options.ConstraintMap["slugify"] = typeof(Slugify));
    }

    private static void MapTransformedRoutes(WebApplication app)
    {
        app.MapControllerRoute("areas", "{area:exists:slugify}/{controller:slugify}/{action:slugify}");
        app.MapControllerRoute("default", "{controller:slugify=Home}/{action:slugify=Index}/{id?}");
    }

    private static void AddRazorPages(WebApplicationBuilder builder)
    {
        builder.Services
            .AddRazorPages(options => options.RootDirectory = "/RouteNames/Apps/Pages")
            .AddApplicationPart(typeof(HomeController).Assembly);
        builder.Services.AddSingleton<PageRoutes>();
    }

    private static void MapRazorPages(WebApplication app)
    {
        app.MapRazorPages();
        app.MapDynamicPageRoute<PageRoutes>("content/{**path}");
    }

    private static void MapFallbackToFile(WebApplication app)
    {
        app.MapGet("/users/{id}", (string id) => id);
        app.MapFallbackToFile("index.html", new StaticFileOptions { FileProvider = Files });
        app.MapFallbackToFile("/admin/{**path}", "missing.html", new StaticFileOptions { FileProvider = Files });
    }

    private static void MapUnderPathBase(WebApplication app)
    {
        app.UsePathBase("/base");
        app.UseRouting();
        app.MapGet("/", () => "root");
        app.MapGet("/users/{id}", (string id) => id);
        app.MapDefaultControllerRoute();
    }

    private static void MapBranches(WebApplication app)
    {
        app.Map("/branch", branch => branch.UseRouting().UseEndpoints(endpoints =>
        {
            endpoints.MapGet("/", () => "root");
            endpoints.MapGet("/users/{id}", (string id) => id);
        }));
        app.Map("/raw", branch => branch.Run(context => context.Response.WriteAsync("raw")));
        app.MapWhen(
            context => context.Request.Query.ContainsKey("old"),
            branch => branch.UseRouting().UseEndpoints(endpoints => endpoints.MapGet("/people/{id}", (string id) => id)));
        app.MapGet("/users/{id}", (string id) => id);
    }

    private static void MapRewritten(WebApplication app)
    {
        app.UseRewriter(new RewriteOptions().AddRewrite("^people/(.*)$", "users/$1", skipRemainingRules: true));
        app.UseRouting();
        app.MapGet("/users/{id}", (string id) => id);
    }

    private static void MapPageRouteValue(WebApplication app)
    {
        app.UseRouting();
        app.Use((context, next) =>
        {
            context.Request.RouteValues["page"] = context.Request.Query["page"].ToString();
            return next(context);
        });
        app.MapGet("", () => "a page of a long list");
    }

    private static void MapFailing(WebApplication app, Func<IApplicationBuilder, IApplicationBuilder> useExceptionHandler)
    {
        useExceptionHandler(app);
        app.MapGet("/boom/{id}", string (string id) => throw new InvalidOperationException(id));
        app.MapGet("/boom-later/{id}", async (string id) =>
        {
            await Task.Yield();
            throw new InvalidOperationException(id);
        });
        app.MapGet("/refused/{id}", string (string id) => throw new BadHttpRequestException(id));
        app.MapGet("/users/{id}", (string id) => id);
        app.Map("/error", () => "sorry");
    }

    private static void MapStatusCodePages(WebApplication app)
    {
        app.UseStatusCodePagesWithReExecute("/status/{0}");
        app.MapGet("/answers/{code:int}", (int code) => Results.StatusCode(code));
        app.MapGet("/status/{code:int}", (int code) => $"status {code}");
    }

    private static void MapStatusCodePagesAroundExceptionHandler(WebApplication app)
    {
        app.UseStatusCodePagesWithReExecute("/status/{0}");
        app.UseExceptionHandler("/error");
        app.MapGet("/boom/{id}", string (string id) => throw new InvalidOperationException(id));
        app.Map("/error", () => Results.StatusCode(StatusCodes.Status500InternalServerError));
        app.MapGet("/status/{code:int}", (int code) => $"status {code}");
    }

    private static void MapExceptionHandlerAroundStatusCodePages(WebApplication app)
    {
        app.UseExceptionHandler("/error");
        app.UseStatusCodePagesWithReExecute("/status/{0}");
        app.MapGet("/answers/{code:int}", (int code) => Results.StatusCode(code));
        app.MapGet("/status/{code:int}", string (int code) => throw new InvalidOperationException($"{code}"));
        app.Map("/error", () => "sorry");
    }

    private static void MapStatusCodeRedirects(WebApplication app)
    {
        app.UseStatusCodePagesWithRedirects("/status/{0}");
        app.MapGet("/answers/{code:int}", (int code) => Results.StatusCode(code));
        app.MapGet("/status/{code:int}", (int code) => $"status {code}");
    }

    private static void AddGuards(WebApplicationBuilder builder)
    {
        builder.Services.AddAuthentication("Nobody").AddScheme<AuthenticationSchemeOptions, NobodyAuthenticationHandler>("Nobody", null);
        builder.Services.AddAuthorization();
        builder.Services.AddRateLimiter(limiter =>
        {
            limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            limiter.AddPolicy("one", _ => RateLimitPartition.GetFixedWindowLimiter(
                "all",
                _ => new FixedWindowRateLimiterOptions { PermitLimit = 1, Window = TimeSpan.FromHours(1) }));
        });
    }

    private static void MapGuarded(WebApplication app)
    {
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseRateLimiter();
        app.MapGet("/secrets/{id}", (string id) => id).RequireAuthorization();
        app.MapGet("/limited/{id}", (string id) => id).RequireRateLimiting("one");
    }

    private static void MapShortCircuits(WebApplication app)
    {
        app.UseStaticFiles(new StaticFileOptions { FileProvider = Files });
        app.UseHealthChecks("/hc");
        app.MapHealthChecks("/healthz");
        app.MapShortCircuit(StatusCodes.Status404NotFound, "robots.txt");
        app.MapGet("/short/{id}", (string id) => id).ShortCircuit();
    }

    private static void MapSockets(WebApplication app)
    {
        app.UseWebSockets();
        app.MapGet("/ws/{room}", async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.CloseAsync(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
        });
        app.MapHub<ChatHub>("/chat");
    }

    // Without TLS, client and server can't negotiate HTTP/2.
    private static void AddGrpc(WebApplicationBuilder builder)
    {
        builder.Services.AddGrpc();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http2));
    }

    private static void MapVersions(WebApplication app)
    {
        var versions = app.NewApiVersionSet().HasApiVersion(new ApiVersion(1)).Build();
        app.MapGet("/orders/{id}", (string id) => id).WithApiVersionSet(versions).MapToApiVersion(1);
        app.MapGet("/", () => "home");
    }

    private static void AddProxy(WebApplicationBuilder builder) =>
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "proxied", ClusterId = "nobody", Match = new RouteMatch { Path = "proxied/{**rest}" } }],
            [
                new ClusterConfig
                {
                    ClusterId = "nobody",
                    Destinations = new Dictionary<string, DestinationConfig> { ["closed"] = new() { Address = "http://127.0.0.1:1" } },
                },
            ]);

    private static void MapProxy(WebApplication app)
    {
        var client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ActivityHeadersPropagator = new ReverseProxyPropagator(DistributedContextPropagator.Current),
        });
        app.MapReverseProxy();
        app.Map("/forwarded/{**rest}", async (HttpContext context, IHttpForwarder forwarder) =>
        {
            await forwarder.SendAsync(context, $"http://{context.Request.Host}/target", client);
        });
        app.MapGet("/target/{**rest}", (string rest) => rest);
    }

    // An application with excluded endpoints creates an ExcludedRequest for every request.
    private sealed class WithoutExcludedControllers : IApplicationFeatureProvider<ControllerFeature>
    {
        public void PopulateFeature(IEnumerable<ApplicationPart> parts, ControllerFeature feature)
        {
            foreach (var excluded in feature.Controllers
                .Where(controller => controller.Namespace != typeof(HomeController).Namespace)
                .ToArray())
            {
                feature.Controllers.Remove(excluded);
            }
        }
    }
}
