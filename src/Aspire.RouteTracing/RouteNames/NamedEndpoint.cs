using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.RouteNames;

/// <summary>What a request has to know about the endpoint that routing has chosen for it, found out once and read in one look-up.</summary>
internal sealed class NamedEndpoint(Endpoint endpoint)
{
    /// <summary>The endpoint, with the right name of its route in its metadata.</summary>
    public Endpoint Endpoint { get; } = endpoint;

    public bool IsExcluded { get; } = endpoint.Metadata.GetMetadata<ExcludeFromTracingAttribute>() is not null;
}
