using System.Diagnostics;
using System.Text;
using Aspire.RouteTracing.Configuration;
using Aspire.RouteTracing.Headers;
using Aspire.RouteTracing.Tests.ExcludedUrls;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Primitives;

namespace Aspire.RouteTracing.Tests.Headers;

/// <summary>With any expressions and headers, capturing ends and its result is limited.</summary>
public sealed class HeaderCaptureProperties
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly Gen<string> Name = Gen.OneOf("x-", "a", "A", "-", "1", "tenant", "cookie", "é", "ſ", "K").Array[1, 5]
        .Select(string.Concat);

    private static readonly Gen<string> Item = Gen.OneOf(Name, Patterns.Usual, Patterns.Hostile, Gen.Const(".*"));

    private static readonly Gen<string?> Value = Gen.OneOf(
        Gen.Const((string?)null),
        Gen.String.Select(text => (string?)text),
        Gen.Select(Gen.Int[1020, 1030], Gen.OneOf("", "\uD83D\uDE00", "é"))
            .Select((length, end) => (string?)(new string('a', length) + end + end + end)));

    [Fact]
    public void Captured_attributes_are_limited_and_named_as_in_the_conventions() =>
        Gen.Select(Item.Array[0, 6], Item.Array[0, 3], Gen.Select(Name, Value.Array[0, 40]).Array[0, 6])
            .Sample((items, sanitized, headers) =>
        {
            var capture = Compile("http.request.header.", items, sanitized);
            using var span = new Activity("request");
            var dictionary = new HeaderDictionary();
            foreach (var (name, values) in headers)
            {
                dictionary[name] = new StringValues(values);
            }

            capture.Capture(span, dictionary);

            var captured = span.TagObjects.ToList();
            Assert.InRange(captured.Sum(tag => ((string[])tag.Value!).Length), 0, 64);
            Assert.All(captured, tag =>
            {
                var name = tag.Key["http.request.header.".Length..];
                Assert.Equal(name.ToLowerInvariant(), name);
                Assert.True(dictionary.TryGetValue(name, out var sent));
                Assert.All(((string[])tag.Value!).Zip(sent), value =>
                {
                    Assert.InRange(value.First.Length, 0, 1024);
                    Assert.True(value.First == "[REDACTED]" || (value.Second ?? "").StartsWith(value.First, StringComparison.Ordinal));
                });
            });
            if (captured.Count == 0)
            {
                Assert.DoesNotContain(items, item => dictionary.TryGetValue(item, out var values) && values.Count > 0);
            }
        }, iter: 2_000);

    [Fact]
    public void A_value_is_not_cut_within_a_surrogate_pair() =>
        Value.Where(value => value is not null && IsWhole(value)).Sample(value =>
        {
            var capture = Compile("", ["x"], []);
            using var span = new Activity("request");
            capture.Capture(span, new HeaderDictionary { ["x"] = value });

            var captured = Assert.Single((string[])span.GetTagItem("x")!);
            Assert.True(IsWhole(captured));
            Assert.StartsWith(captured, value, StringComparison.Ordinal);
            Assert.InRange(captured.Length, value!.Length <= 1024 ? value.Length : 1023, 1024);
        });

    [Fact]
    public async Task The_last_name_is_captured_in_all_requests_that_have_it_at_once() =>
        await Race.RunAsync(
            () =>
            {
                var capture = Compile("", ["x-.*"], []);
                foreach (var names in Enumerable.Range(1, 255).Chunk(64))
                {
                    using var span = new Activity("request");
                    capture.Capture(span, new HeaderDictionary(names.ToDictionary(name => $"x-{name}", _ => new StringValues("1"))));
                }

                return capture;
            },
            capture =>
            {
                using var span = new Activity("request");
                capture.Capture(span, new HeaderDictionary { ["x-256"] = "1" });
                return span.GetTagItem("x-256");
            },
            Assert.NotNull);

    private static HeaderCapture Compile(string prefix, string[] items, string[] sanitized) =>
        HeaderCapture.Compile(
            prefix, ListOf(items), HeaderPattern.Compile(ListOf(sanitized), whole: false, NullLogger.Instance), NullLogger.Instance);

    private static PatternList ListOf(string[] items)
    {
        var list = new PatternList("Headers", HeaderPattern.MaxItems);
        list.AddItems(items, "test");
        return list;
    }

    private static bool IsWhole(string text)
    {
        try
        {
            return StrictUtf8.GetByteCount(text) >= text.Length;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }
}
