namespace Aspire.Hosting.RouteTracing.ExcludedUrls;

/// <summary>What a resource is written in, as far as it decides which variables it reads.</summary>
internal enum ResourceLanguage
{
    /// <summary>A container or an executable of which nothing is known: it gets the variables of every language.</summary>
    Unknown,

    DotNet,

    Python,

    /// <summary>A language whose instrumentation reads no exclusion list.</summary>
    Other,
}
