using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace Aspire.RouteTracing.Benchmarks;

/// <summary>What people write for the instrumentation's Filter: a loop of regular expressions over the request's URL.</summary>
internal sealed class HandWrittenFilter(IEnumerable<string> patterns)
{
    // In a URL the path has no anchor.
    private readonly Regex[] _expressions = [.. patterns.Select(pattern => new Regex(pattern.TrimStart('^'), RegexOptions.Compiled))];

    public bool ShouldRecord(HttpRequest request)
    {
        var url = request.GetDisplayUrl();
        foreach (var expression in _expressions)
        {
            if (expression.IsMatch(url))
            {
                return false;
            }
        }

        return true;
    }
}
