using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>One item of an exclusion list.</summary>
internal static class ExclusionPattern
{
    public static bool Validate(string item, [NotNullWhen(false)] out string? reason)
    {
        try
        {
            _ = new Regex(item, RegexOptions.CultureInvariant);
            reason = null;
            return true;
        }
        catch (ArgumentException exception)
        {
            reason = exception.Message;
            return false;
        }
    }
}
