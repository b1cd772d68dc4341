using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// The URL of a request in the parts that ASP.NET Core has. They are joined only if an item is searched in more than one of them.
/// </summary>
internal readonly ref struct RequestUrl
{
    /// <summary>Gets the scheme: <c>http</c> or <c>https</c>. Empty if only the path base and the path are known.</summary>
    public ReadOnlySpan<char> Scheme { get; init; }

    /// <summary>Gets the host as <c>HttpRequest.Host</c> holds it: the Host header with Punycode decoded.</summary>
    public ReadOnlySpan<char> Host { get; init; }

    /// <summary>Gets the path base as <c>HttpRequest.PathBase</c> holds it: percent-decoded.</summary>
    public ReadOnlySpan<char> PathBase { get; init; }

    /// <summary>Gets the path as <c>HttpRequest.Path</c> holds it: percent-decoded.</summary>
    public ReadOnlySpan<char> Path { get; init; }

    /// <summary>Gets the query as <c>HttpRequest.QueryString</c> holds it: with its question mark, and not decoded.</summary>
    public ReadOnlySpan<char> Query { get; init; }

    /// <summary>Gets the length of <c>scheme://host/pathbase/path?query</c> without a default port.</summary>
    public int FullUrlLength =>
        Scheme.Length + SchemeDelimiter.Length + HostWithoutDefaultPort.Length + PathBase.Length + Path.Length + Query.Length;

    private ReadOnlySpan<char> SchemeDelimiter => Scheme.IsEmpty ? "" : "://";

    private ReadOnlySpan<char> HostWithoutDefaultPort
    {
        get
        {
            var port = Scheme switch
            {
                "http" => ":80",
                "https" => ":443",
                _ => "",
            };
            return Host.EndsWith(port, StringComparison.Ordinal) ? Host[..^port.Length] : Host;
        }
    }

    /// <summary>Reads an absolute http or https URL, or a path, as the request would look like on the server.</summary>
    /// <param name="urlOrPath">
    /// A path starts with <c>/</c>, may have a query, and is read as a path of <c>http://localhost</c>. User information and fragment are
    /// ignored, because clients don't send them.
    /// </param>
    /// <param name="url">
    /// The URL as ASP.NET Core has it when <c>HttpClient</c> sends it: host in lower case, no default port, dot segments resolved, except
    /// encoded ones behind an invalid percent sign. The path is percent-decoded, except <c>%2F</c> and invalid UTF-8. All of the path is in
    /// <see cref="Path"/>.
    /// </param>
    /// <returns><see langword="true"/> if it is a URL or a path.</returns>
    public static bool TryParse(string urlOrPath, out RequestUrl url)
    {
        url = default;

        // HttpClient and browsers ignore white space around a URL.
        var text = urlOrPath.Trim(' ', '\t', '\r', '\n');
        text = text.IndexOf('#') is >= 0 and var fragment ? text[..fragment] : text;

        // On .NET 11, Uri removes an encoded blank from the end of some paths, but not in front of a query.
        var hasQuery = text.Contains('?');
        var origin = text.StartsWith('/') ? "http://localhost" : "";
        if (!Uri.TryCreate($"{origin}{text}{(hasQuery ? "" : "?")}", UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
        {
            return false;
        }

        try
        {
            if (DecodePath(uri.AbsolutePath) is not { } path)
            {
                return false;
            }

            url = new RequestUrl
            {
                Scheme = uri.Scheme,
                Host = HostOf(uri),
                Path = path,
                Query = hasQuery ? uri.Query : "",
            };
            return true;
        }
        catch (Exception exception) when (exception is UriFormatException or ArgumentException)
        {
            // Uri validates the host name only when it is read.
            return false;
        }
    }

    // Servers reject a path that contains %00.
    private static string? DecodePath(string path)
    {
        try
        {
            return PathString.FromUriComponent(path).Value;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Writes the whole URL, <see cref="FullUrlLength"/> characters.</summary>
    public void CopyFullUrlTo(Span<char> destination)
    {
        Append(Scheme, ref destination);
        Append(SchemeDelimiter, ref destination);
        Append(HostWithoutDefaultPort, ref destination);
        Append(PathBase, ref destination);
        Append(Path, ref destination);
        Append(Query, ref destination);
    }

    private static void Append(ReadOnlySpan<char> piece, ref Span<char> destination)
    {
        piece.CopyTo(destination);
        destination = destination[piece.Length..];
    }

    private static string HostOf(Uri uri)
    {
        var host = uri.HostNameType is UriHostNameType.IPv6 ? $"[{uri.IdnHost}]" : uri.IdnHost;
        if (host.Contains("xn--", StringComparison.Ordinal))
        {
            host = new IdnMapping().GetUnicode(host);
        }

        return uri.IsDefaultPort ? host : $"{host}:{uri.Port}";
    }
}
