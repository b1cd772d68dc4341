namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>A problem with one item of an exclusion list.</summary>
/// <param name="Index">The item's position in the list, from 0.</param>
/// <param name="IsIgnored">
/// Whether the item is ignored, because it is not a .NET regular expression or too long. Otherwise, it can't be searched in linear time, so
/// each search times out after 10 ms.
/// </param>
/// <param name="Reason">What is wrong, as a sentence.</param>
internal readonly record struct ExclusionProblem(int Index, bool IsIgnored, string Reason);
