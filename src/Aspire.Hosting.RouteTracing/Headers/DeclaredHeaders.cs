namespace Aspire.Hosting.RouteTracing.Headers;

/// <summary>Which headers the AppHost's code wants in the traces, app-wide or of one resource.</summary>
internal sealed class DeclaredHeaders
{
    public HeaderNames Request { get; } = new();

    public HeaderNames Response { get; } = new();

    public HeaderNames Sanitized { get; } = new();
}
