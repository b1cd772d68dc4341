using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OData;
using Microsoft.AspNetCore.OData.Batch;
using Microsoft.AspNetCore.OData.Query;
using Microsoft.AspNetCore.OData.Routing.Controllers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OData.ModelBuilder;

namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>$batch runs each part through the pipeline in an HttpContext of its own, within the activity of the one request.</summary>
public sealed class ODataTests : LibraryTests
{
    internal static readonly Library OData = new("Microsoft.AspNetCore.OData", typeof(ODataController))
    {
        FilteredUrls = "^/odata/Heartbeats$",
        Configure = builder =>
        {
            var model = new ODataConventionModelBuilder();
            model.EntitySet<Customer>("Customers");
            model.EntitySet<Customer>("Heartbeats");
            var batches = new DefaultODataBatchHandler();
            builder.Services.AddControllers().AddOData(options => options.AddRouteComponents("odata", model.GetEdmModel(), batches));
        },
        Map = app =>
        {
            app.UseODataBatching();
            app.UseRouting();
            app.MapControllers();
        },
        Uses =
        [
            new("GET /odata/Customers", "reads a set"),
            new("GET /odata/Customers(1)", "reads an entity"),
            new("POST /odata/$batch", "reads `Customers`, `Heartbeats`, which is excluded, and `Customers`")
            {
                Exclusion = UseExclusion.Part,
                Send = SendBatchAsync,
            },
            new("GET /odata/Heartbeats", "an excluded action, which reads a set") { Exclusion = UseExclusion.Whole },
        ],
    };

    internal override Library Library => OData;

    [Theory]
    [InlineData("GET /odata/Customers", "GET /odata/Customers")]
    [InlineData("GET /odata/Customers(1)", "GET /odata/Customers({key})")]
    public async Task A_request_is_named_after_its_route(string request, string name)
    {
        var outcome = await OData.SendAsync(request);

        Assert.Equal([name, "read customers"], outcome.Names);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("always_on")]
    public async Task A_batch_with_an_excluded_part_is_traced_without_the_part(string? sampler)
    {
        var outcome = await OData.SendAsync("POST /odata/$batch", sampler: sampler);

        Assert.Equal(200, outcome.Status);
        Assert.Equal(["POST", "read customers", "read customers"], outcome.Names);
    }

    private static async Task<int> SendBatchAsync(HttpClient client)
    {
        var requests = new[] { "Customers", "Heartbeats", "Customers" }
            .Select((set, i) => new { id = $"{i}", method = "GET", url = $"{client.BaseAddress}odata/{set}" });
        using var response = await client.PostAsJsonAsync("/odata/$batch", new { requests }, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }
}

public sealed record Customer(int Id, string Name);

public sealed class CustomersController : ODataController
{
    private readonly Customer[] _customers = [new(1, "a")];

    [EnableQuery]
    public IQueryable<Customer> Get()
    {
        using var work = Library.Work.StartActivity("read customers");
        return _customers.AsQueryable();
    }

    public Customer Get(int key)
    {
        using var work = Library.Work.StartActivity("read customers");
        return _customers.Single(customer => customer.Id == key);
    }
}

public sealed class HeartbeatsController : ODataController
{
    private readonly Customer[] _heartbeats = [new(1, "alive")];

    [ExcludeFromTracing]
    [EnableQuery]
    public IQueryable<Customer> Get()
    {
        using var work = Library.Work.StartActivity("read heartbeats");
        return _heartbeats.AsQueryable();
    }
}
