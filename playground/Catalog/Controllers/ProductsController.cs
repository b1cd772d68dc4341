using Microsoft.AspNetCore.Mvc;

namespace Catalog.Controllers;

/// <summary>Attribute routes.</summary>
[ApiController]
[Route("api/[controller]")]
public sealed class ProductsController : ControllerBase
{
    private static readonly Product[] Products =
    [
        new("tea-pot", "Tea pot", 28.50m),
        new("tea-cup", "Tea cup", 7.90m),
    ];

    [HttpGet("{sku}")]
    public ActionResult<Product> Get(string sku) =>
        Products.FirstOrDefault(product => product.Sku == sku) is { } product ? product : NotFound();
}
