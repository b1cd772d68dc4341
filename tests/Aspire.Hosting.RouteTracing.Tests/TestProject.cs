namespace Aspire.Hosting.RouteTracing.Tests;

/// <summary>A project without a launch profile, so without endpoints that had to be allocated.</summary>
internal class TestProject : IProjectMetadata
{
    public string ProjectPath => Path.Combine(AppContext.BaseDirectory, "Orders.csproj");

    public LaunchSettings? LaunchSettings => new();
}
