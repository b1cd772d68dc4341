using Storefront;

var builder = WebApplication.CreateBuilder(args);

builder.AddServiceDefaults();

builder.Services.AddHttpClient<OrdersClient>(client => client.BaseAddress = new("http://orders"));
builder.Services.AddHttpClient<ReadinessCheck>();
builder.Services.AddHealthChecks().AddCheck<ReadinessCheck>("orders and catalog");

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapHealthChecks("/readyz");

app.MapGet("/", () => "Welcome to the shop.");
app.MapGet("/favicon.ico", () => Results.NoContent());

app.MapGet("/orders/{id:int}", async (int id, OrdersClient orders, CancellationToken cancellation) =>
    await orders.FindAsync(id, cancellation) is { } order ? Results.Ok(order) : Results.NotFound());

app.MapPost("/checkout", async (Cart cart, OrdersClient orders, CancellationToken cancellation) =>
{
    var order = await orders.PlaceAsync(cart, cancellation);
    return Results.Created($"/orders/{order.Id}", order);
});

// The page asks for this every few seconds.
app.MapGet("/cart/{customer}/badge", async (string customer, OrdersClient orders, CancellationToken cancellation) =>
    await orders.CountAsync(customer, cancellation));

app.MapGet("/gift-cards/{code}", (string code) =>
{
    throw new NotSupportedException($"Gift card {code} can't be redeemed: the shop sells none yet.");
});

app.Run();
