using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics;
using System.Text;
using Aspire.RouteTracing.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Primitives;

namespace Aspire.RouteTracing.Headers;

/// <summary>
/// Copies headers to span attributes (https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/).
/// </summary>
internal sealed partial class HeaderCapture
{
    public static readonly HeaderCapture None = new("", [], [], NullLogger.Instance);

    private const int MaxValues = 64;
    private const int MaxCharacters = 1024;
    private const int MaxWildcardNames = 256;

    private const string RedactedValue = "Redacted";

    private static readonly string[] Redacted = ["[REDACTED]"];

    private static readonly FrozenSet<string> UrlHeaders = FrozenSet.ToFrozenSet(
        [
            "azure-asyncoperation", "content-location", "destination", "hx-current-url", "hx-location", "hx-push-url", "hx-redirect",
            "hx-replace-url", "link", "location", "next-url", "operation-location", "referer", "referrer", "refresh", "sourcemap",
            "turbo-location", "webhook-request-callback", "x-accel-redirect", "x-envoy-original-path", "x-forwarded-path",
            "x-forwarded-uri", "x-goog-upload-url", "x-inertia-location", "x-invoke-query", "x-ms-copy-source", "x-ms-rename-source",
            "x-original-request-uri", "x-original-uri", "x-original-url", "x-request-uri", "x-rewrite-url",
        ],
        StringComparer.OrdinalIgnoreCase);

    private readonly string _attributePrefix;
    private readonly CapturedHeader[] _exact;
    private readonly HeaderPattern[] _wildcards;
    private readonly HeaderPattern[] _sanitized;
    private readonly ILogger _logger;

    // Null for a name that no wildcard captures. Limited, because clients can invent names: after 256 captured names, new ones are not
    // captured; after 256 others, new ones are matched again in each request.
    private readonly ConcurrentDictionary<string, CapturedHeader?> _byName = new(StringComparer.OrdinalIgnoreCase);
    private int _capturedNames;
    private int _ignoredNames;
    private bool _isLimitLogged;

    private HeaderCapture(string attributePrefix, HeaderPattern[] captured, HeaderPattern[] sanitized, ILogger logger)
    {
        _attributePrefix = attributePrefix;
        _sanitized = sanitized;
        _logger = logger;
        _exact = [.. captured.Select(pattern => pattern.ExactName).OfType<string>().Select(Describe)];
        _wildcards = [.. captured.Where(pattern => pattern.ExactName is null)];

        // Exact names are captured before wildcards are matched.
        Array.ForEach(_exact, header => _byName.TryAdd(header.Name, null));
    }

    /// <summary>Gets whether no header is captured.</summary>
    public bool IsEmpty => _exact.Length == 0 && _wildcards.Length == 0;

    /// <exception cref="ArgumentException">An item that code added is not a valid expression.</exception>
    public static HeaderCapture Compile(string attributePrefix, PatternList captured, HeaderPattern[] sanitized, ILogger logger) =>
        new(attributePrefix, HeaderPattern.Compile(captured, whole: true, logger), sanitized, logger);

    /// <summary>Sets the attributes on <paramref name="span"/>, except those that a hook has already set.</summary>
    public void Capture(Activity span, IHeaderDictionary headers)
    {
        var left = MaxValues;
        for (var i = 0; i < _exact.Length; i++)
        {
            if (headers.TryGetValue(_exact[i].Name, out var values))
            {
                // A header with many values leaves room for the other exact names.
                var reserved = values.Count > 1 ? CountPresent(_exact.AsSpan(i + 1), headers) : 0;
                Set(span, _exact[i], values, Math.Max(1, left - reserved), ref left);
            }
        }

        if (_wildcards.Length == 0)
        {
            return;
        }

        foreach (var (name, values) in headers)
        {
            if (left == 0)
            {
                return;
            }

            if (Find(name) is { } header)
            {
                Set(span, header, values, left, ref left);
            }
        }
    }

    private static int CountPresent(ReadOnlySpan<CapturedHeader> exact, IHeaderDictionary headers)
    {
        var count = 0;
        foreach (var header in exact)
        {
            count += headers.ContainsKey(header.Name) ? 1 : 0;
        }

        return count;
    }

    private static void Set(Activity span, CapturedHeader header, StringValues values, int max, ref int left)
    {
        var count = Math.Min(values.Count, Math.Min(max, left));
        if (count == 0 || span.GetTagItem(header.Attribute) is not null)
        {
            return;
        }

        left -= count;
        span.AddTag(header.Attribute, header.IsSanitized ? Redacted : Copy(values, count, header.UrlEnd));
    }

    private static string[] Copy(StringValues values, int count, string? urlEnd)
    {
        var copy = new string[count];
        for (var i = 0; i < count; i++)
        {
            // Redacted first, because a cut can remove the @ behind user information.
            var value = urlEnd is null ? values[i] ?? "" : RedactUrl(values[i] ?? "", urlEnd);
            copy[i] = value.Length <= MaxCharacters ? value : value[..CutAt(value)];
        }

        return copy;
    }

    // Doesn't split a surrogate pair.
    private static int CutAt(string value) => char.IsSurrogatePair(value, MaxCharacters - 1) ? MaxCharacters - 1 : MaxCharacters;

    // Like OpenTelemetry's url.query, and also in the fragment, where OAuth passes tokens, and in the user information. Applications write
    // blanks and quotes into URLs, so these don't end one.
    private static string RedactUrl(string value, string urlEnd)
    {
        if (value.AsSpan().IndexOfAny('=', '@') < 0)
        {
            return value;
        }

        var (redacted, hasParameters) = (new StringBuilder(value.Length + 64), false);
        for (var i = 0; i < value.Length; i++)
        {
            redacted.Append(value[i]);
            var rest = value.AsSpan(i + 1);
            switch (value[i])
            {
                case '?' or '#':
                    hasParameters = true;
                    break;
                case var end when urlEnd.Contains(end):
                    hasParameters = false;
                    break;
                case '=' when hasParameters:
                    redacted.Append(RedactedValue);
                    i += EndOf(rest, $"&#{urlEnd}");
                    break;
                case '/' when IsStartOfAuthority(value.AsSpan(0, i + 1))
                    && rest[..EndOf(rest, $"/?#{urlEnd}")].LastIndexOf('@') is > 0 and var end:
                    redacted.Append(RedactedValue);
                    i += end;
                    break;
            }
        }

        return redacted.ToString();
    }

    // Also of a URL without a scheme, such as //host/path.
    private static bool IsStartOfAuthority(ReadOnlySpan<char> text) =>
        text is "//" or [.., ':' or ' ' or '<' or '=' or '"', '/', '/'];

    private static int EndOf(ReadOnlySpan<char> text, string delimiters) =>
        text.IndexOfAny(delimiters.AsSpan()) is >= 0 and var end ? end : text.Length;

    private CapturedHeader? Find(string name) => _byName.TryGetValue(name, out var header) ? header : FindByWildcard(name);

    private CapturedHeader? FindByWildcard(string name)
    {
        var isCaptured = Array.Exists(_wildcards, pattern => pattern.IsMatch(name));
        ref var count = ref isCaptured ? ref _capturedNames : ref _ignoredNames;
        if (count < MaxWildcardNames)
        {
            // Rare, so a lock is sufficient for the count.
            lock (_byName)
            {
                if (count < MaxWildcardNames && _byName.TryAdd(name, isCaptured ? Describe(name) : null))
                {
                    count++;
                }
            }
        }

        // Another request can have added it meanwhile.
        if (!_byName.TryGetValue(name, out var header) && isCaptured && !Interlocked.Exchange(ref _isLimitLogged, true))
        {
            Log.TooManyNames(_logger, MaxWildcardNames, _attributePrefix, name);
        }

        return header;
    }

    private CapturedHeader Describe(string name) => new(
        name,
        _attributePrefix + name.ToLowerInvariant(),
        IsSanitized: Array.Exists(_sanitized, pattern => pattern.IsMatch(name)),
        UrlEnd: _sanitized.Length == 0 || !UrlHeaders.Contains(name) ? null
            : name.Equals("link", StringComparison.OrdinalIgnoreCase) ? ">"
            : "");

    // UrlEnd is the character behind a URL, empty if the rest of the value is the URL, or null if the header has none.
    private sealed record CapturedHeader(string Name, string Attribute, bool IsSanitized, string? UrlEnd);

    private static partial class Log
    {
        [LoggerMessage(
            50, LogLevel.Warning,
            "Expressions captured {MaxNames} different headers as {Prefix}*, which is the maximum. '{Header}' and other new headers are "
            + "not captured until a list of headers changes. Name the headers exactly, or narrow the expressions.")]
        public static partial void TooManyNames(ILogger logger, int maxNames, string prefix, string header);
    }
}
