using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Trace;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>OpenTelemetry's instrumentation starts the span of a command from a diagnostic event.</summary>
public sealed class EntityFrameworkTests : LibraryTests
{
    internal static readonly Library EntityFramework = new(
        "Microsoft.EntityFrameworkCore.Sqlite",
        typeof(SqliteDbContextOptionsBuilderExtensions))
    {
        ExcludedUrls = "^/health$",
        FilteredUrls = "^/(health|probe)$",
        Configure = builder =>
        {
            builder.Services.AddSingleton(_ => new SqliteConnection("Data Source=:memory:"));
            builder.Services.AddDbContext<Shop>((services, options) => options.UseSqlite(services.GetRequiredService<SqliteConnection>()));
        },
        Trace = tracing => tracing.AddEntityFrameworkCoreInstrumentation(),
        Map = app =>
        {
            // The database lives as long as the connection is open.
            app.Services.GetRequiredService<SqliteConnection>().Open();
            using (var scope = app.Services.CreateScope())
            {
                scope.ServiceProvider.GetRequiredService<Shop>().Database.EnsureCreated();
            }

            app.MapGet("/orders/{id:int}", (int id, Shop shop) => shop.Orders.CountAsync(order => order.Id == id));
            app.MapGet("/health", (Shop shop) => shop.Orders.CountAsync());
            app.MapGet("/probe", (Shop shop) => shop.Orders.CountAsync()).ExcludeFromTracing();
        },
        Uses =
        [
            new("GET /orders/1", "queries the database"),
            new("GET /health", "an excluded URL, which queries the database") { Exclusion = UseExclusion.Whole },
            new("GET /probe", "an excluded endpoint, which queries the database") { Exclusion = UseExclusion.Whole },
        ],
    };

    internal override Library Library => EntityFramework;

    [Fact]
    public async Task A_request_is_traced_with_its_query()
    {
        var outcome = await EntityFramework.SendAsync("GET /orders/1");

        Assert.Equal(2, outcome.Spans.Count);
        Assert.Equal("GET /orders/{id:int}", outcome.Names[0]);
        Assert.Equal(outcome.Spans[0].SpanId, outcome.Spans[1].ParentSpanId);
    }

    private sealed class Shop(DbContextOptions<Shop> options) : DbContext(options)
    {
        public DbSet<Order> Orders => Set<Order>();
    }

    private sealed class Order
    {
        public int Id { get; set; }
    }
}
