namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>How much a problem matters.</summary>
internal enum ExclusionProblemKind
{
    /// <summary>The item is not a .NET regular expression; it is left out of the list.</summary>
    Invalid,

    /// <summary>The list is too long: the item and those after it are left out of the list.</summary>
    TooMany,

    /// <summary>The item applies, but can't be searched in linear time, so each search of it is cut off after 10 ms.</summary>
    Backtracks,
}
