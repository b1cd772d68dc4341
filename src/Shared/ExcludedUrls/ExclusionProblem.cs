namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>What is wrong with one item of an exclusion list.</summary>
/// <param name="Index">The item's position in the list, from 0.</param>
/// <param name="Kind">Whether the item is out of the list, or in it at a price.</param>
/// <param name="Reason">What is wrong, as a sentence.</param>
internal readonly record struct ExclusionProblem(int Index, ExclusionProblemKind Kind, string Reason);
