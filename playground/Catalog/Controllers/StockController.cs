using Microsoft.AspNetCore.Mvc;

namespace Catalog.Controllers;

/// <summary>Conventional routes: reached through <c>{controller}/{action}/{id?}</c>.</summary>
public sealed class StockController : ControllerBase
{
    [HttpPost]
    public IActionResult Reserve(string id) => Ok($"One {id} is put aside.");
}
