namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>One request, and what it has the library do.</summary>
/// <param name="Request">Method and path.</param>
/// <param name="Description">What the request does, as the document has it.</param>
internal sealed record Use(string Request, string Description)
{
    public UseExclusion Exclusion { get; init; }

    /// <summary>Gets what sends the request and returns the status code of the answer.</summary>
    public Func<HttpClient, Task<int>>? Send { get; init; }

    /// <summary>Gets what to wait for after the answer, because the request started it.</summary>
    public Func<IServiceProvider, Task> Until { get; init; } = _ => Task.CompletedTask;

    public async Task<int> SendAsync(HttpClient client)
    {
        if (Send is not null)
        {
            return await Send(client);
        }

        var parts = Request.Split(' ');
        using var request = new HttpRequestMessage(new HttpMethod(parts[0]), parts[1]);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }
}

internal enum UseExclusion
{
    /// <summary>The request is traced.</summary>
    None,

    /// <summary>The request is traced, and something that it starts is excluded, or the other way round.</summary>
    Part,

    /// <summary>The request is excluded with everything that it starts.</summary>
    Whole,
}
