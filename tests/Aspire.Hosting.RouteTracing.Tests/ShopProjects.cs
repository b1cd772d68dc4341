using Aspire.Hosting.RouteTracing.Tests;

// What Aspire generates from an AppHost's references to projects of these names.
namespace Projects;

internal sealed class Orders : TestProject;

internal sealed class Shop_Orders : TestProject;

internal sealed class Shop_Storefront : TestProject;
