using Aspire.Hosting.RouteTracing.Tests;
using Aspire.Hosting.RouteTracing.Variables;

namespace Aspire.Hosting.RouteTracing.Integrations.Tests;

public sealed class PythonTests
{
    [Theory]
    [InlineData(DistributedApplicationOperation.Run)]
    [InlineData(DistributedApplicationOperation.Publish)]
    public async Task A_Python_app_gets_the_variables_of_an_executable_that_Python_runs(DistributedApplicationOperation operation)
    {
        var builder = TestModel.CreateBuilder(operation).WithExcludedUrls("^/health$");
        var app = builder.AddPythonApp("app", AppContext.BaseDirectory, "app.py");
        var executable = builder.AddExecutable("executable", "python", ".").WithOtlpExporter();
        await using var model = await TestModel.StartAsync(builder);

        Assert.NotNull(await TestModel.GetUnresolvedAsync(app, VariableNames.PythonExcludedUrls));
        foreach (var name in typeof(VariableNames).GetFields().Select(field => field.GetRawConstantValue()).OfType<string>())
        {
            Assert.Equal(await TestModel.GetUnresolvedAsync(executable, name), await TestModel.GetUnresolvedAsync(app, name));
        }
    }
}
