namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>A problem with one item of an exclusion list.</summary>
/// <param name="Index">The item's position in the list, from 0.</param>
/// <param name="Kind">The consequence.</param>
/// <param name="Reason">What is wrong, as a sentence.</param>
internal readonly record struct ExclusionProblem(int Index, ExclusionProblemKind Kind, string Reason);

/// <summary>The kinds of <see cref="ExclusionProblem"/>.</summary>
internal enum ExclusionProblemKind
{
    /// <summary>The item is not a .NET regular expression, or too long, and is ignored.</summary>
    Invalid,

    /// <summary>The list is too long: the item and those after it are ignored.</summary>
    TooMany,

    /// <summary>The item applies but can't be searched in linear time, so each search times out after 10 ms.</summary>
    Backtracks,
}
