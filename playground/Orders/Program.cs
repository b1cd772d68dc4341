using Orders;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();

builder.Services.AddHttpClient<CatalogClient>(client => client.BaseAddress = new("http://catalog"));
builder.Services.AddSingleton<OrderBook>();
builder.Services.AddHealthChecks().AddCheck<OrderBookCheck>("order book");

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapHealthChecks("/readyz");

var orders = app.MapGroup("/orders");

orders.MapGet("/{id:int}", async (int id, OrderBook book, CatalogClient catalog, CancellationToken cancellation) =>
    book.Find(id) is { } entry
        ? Results.Ok(Order.For(entry, await catalog.GetAsync(entry.Sku, cancellation)))
        : Results.NotFound());

orders.MapPost("", async (Cart cart, OrderBook book, CatalogClient catalog, CancellationToken cancellation) =>
{
    var product = await catalog.GetAsync(cart.Sku, cancellation);
    await catalog.ReserveAsync(cart.Sku, cancellation);
    var order = Order.For(book.Add(cart), product);
    return Results.Created($"/orders/{order.Id}", order);
});

app.MapGet("/customers/{customer}/orders/count", (string customer, OrderBook book) => book.Count(customer));

app.Run();
