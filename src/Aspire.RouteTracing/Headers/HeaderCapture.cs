using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Aspire.RouteTracing.Headers;

/// <summary>
/// Copies headers to the attributes that the semantic conventions name for them
/// (https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/).
/// </summary>
internal sealed class HeaderCapture
{
    public static readonly HeaderCapture None = new("", [], []);

    private const int MaxValues = 64;
    private const int MaxCharacters = 1024;
    private const int MaxKnownNames = 256;

    private static readonly string[] Redacted = ["[REDACTED]"];

    private readonly string _attributePrefix;
    private readonly CapturedHeader[] _plain;
    private readonly HeaderName[] _expressions;
    private readonly HeaderName[] _sanitized;

    // What was decided about a name, null for one that isn't captured. Bounded, since clients can think of any number of names.
    private readonly ConcurrentDictionary<string, CapturedHeader?> _known = new(StringComparer.OrdinalIgnoreCase);
    private int _knownCount;

    public HeaderCapture(string attributePrefix, IReadOnlyList<HeaderName> names, IReadOnlyList<HeaderName> sanitized)
    {
        _attributePrefix = attributePrefix;
        _sanitized = [.. sanitized];
        _plain = [.. names.Where(name => name.IsPlain).Select(name => Describe(name.Item))];
        _expressions = [.. names.Where(name => !name.IsPlain)];
    }

    /// <summary>Whether no header is captured.</summary>
    public bool IsEmpty => _plain.Length == 0 && _expressions.Length == 0;

    /// <summary>Sets the attributes on <paramref name="span"/>. One that is there already stays: a hook set it.</summary>
    public void Capture(Activity span, IHeaderDictionary headers)
    {
        var left = MaxValues;
        foreach (var header in _plain)
        {
            if (headers.TryGetValue(header.Name, out var values))
            {
                Set(span, header, values, ref left);
            }
        }

        if (_expressions.Length == 0)
        {
            return;
        }

        foreach (var (name, values) in headers)
        {
            if (Find(name) is { } header)
            {
                Set(span, header, values, ref left);
            }
        }
    }

    private static void Set(Activity span, CapturedHeader header, StringValues values, ref int left)
    {
        var count = Math.Min(values.Count, left);
        if (count == 0 || span.GetTagItem(header.Attribute) is not null)
        {
            return;
        }

        left -= count;
        span.SetTag(header.Attribute, header.IsSanitized ? Redacted : Copy(values, count));
    }

    private static string[] Copy(StringValues values, int count)
    {
        var copy = new string[count];
        for (var i = 0; i < count; i++)
        {
            var value = values[i] ?? "";
            copy[i] = value.Length <= MaxCharacters ? value : value[..CutAt(value)];
        }

        return copy;
    }

    // Not between the halves of a character.
    private static int CutAt(string value) => char.IsSurrogatePair(value, MaxCharacters - 1) ? MaxCharacters - 1 : MaxCharacters;

    private CapturedHeader? Find(string name)
    {
        if (_known.TryGetValue(name, out var header))
        {
            return header;
        }

        header = Array.Exists(_expressions, expression => expression.IsMatch(name)) ? Describe(name) : null;
        if (Volatile.Read(ref _knownCount) < MaxKnownNames && _known.TryAdd(name, header))
        {
            Interlocked.Increment(ref _knownCount);
        }

        return header;
    }

    private CapturedHeader Describe(string name)
        => new(name, _attributePrefix + name.ToLowerInvariant(), Array.Exists(_sanitized, expression => expression.IsMatch(name)));

    private sealed record CapturedHeader(string Name, string Attribute, bool IsSanitized);
}
