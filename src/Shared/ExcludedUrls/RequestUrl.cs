namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>The URL of one request in the pieces ASP.NET Core holds it in, so that nothing is concatenated before it has to be.</summary>
internal readonly ref struct RequestUrl
{
    /// <summary><c>http</c> or <c>https</c>; empty when only a path is known.</summary>
    public ReadOnlySpan<char> Scheme { get; init; }

    /// <summary>The Host header: name and, if any, port.</summary>
    public ReadOnlySpan<char> Host { get; init; }

    /// <summary>Decoded, as <c>HttpRequest.PathBase</c> holds it.</summary>
    public ReadOnlySpan<char> PathBase { get; init; }

    /// <summary>Decoded, as <c>HttpRequest.Path</c> holds it.</summary>
    public ReadOnlySpan<char> Path { get; init; }

    /// <summary>Still encoded and with its question mark, as <c>HttpRequest.QueryString</c> holds it.</summary>
    public ReadOnlySpan<char> Query { get; init; }

    public static bool TryParse(string urlOrPath, out RequestUrl url)
    {
        url = default;
        var pathOnly = urlOrPath.StartsWith('/');
        if (!Uri.TryCreate(pathOnly ? "http://localhost" + urlOrPath : urlOrPath, UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
        {
            return false;
        }

        url = new RequestUrl
        {
            Scheme = pathOnly ? default : uri.Scheme,
            Host = pathOnly ? default : uri.Authority,
            Path = Uri.UnescapeDataString(uri.AbsolutePath),
            Query = uri.Query,
        };
        return true;
    }
}
