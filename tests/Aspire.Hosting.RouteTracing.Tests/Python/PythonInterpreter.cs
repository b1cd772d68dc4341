using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Aspire.Hosting.RouteTracing.Tests.Python;

/// <summary>Searches URLs with python3 as OpenTelemetry's Python instrumentation does.</summary>
internal static class PythonInterpreter
{
    private const string Program = """
        import json, re, sys
        def excluded(value, urls):
            items = [item.strip() for item in value.split(",")] if value else []
            return [bool(items and re.search("|".join(items), url)) for url in urls]
        json.dump([excluded(*question) for question in json.load(sys.stdin)], sys.stdout)
        """;

    /// <summary>Answers all questions with one process. Skips the test if there is no Python.</summary>
    public static async Task<bool[][]> FindExcludedAsync(IEnumerable<(string List, IReadOnlyList<string> Urls)> questions)
    {
        var start = new ProcessStartInfo("python3")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("-W");
        start.ArgumentList.Add("error");
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(Program);
        start.Environment["PYTHONIOENCODING"] = "utf-8";
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            Assert.Skip($"python3 can't be started: {exception.Message}");
        }

        await process.StandardInput.WriteAsync(
            JsonSerializer.Serialize(questions.Select(question => new object[] { question.List, question.Urls })));
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var answers = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal("", await errors);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return JsonSerializer.Deserialize<bool[][]>(answers)!;
    }
}
