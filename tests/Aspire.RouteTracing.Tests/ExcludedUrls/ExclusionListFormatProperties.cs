using System.Text;
using Aspire.RouteTracing.ExcludedUrls;
using CsCheck;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

public sealed class ExclusionListFormatProperties
{
    private static readonly Gen<string> ValidItem = Gen.OneOf(Patterns.Hostile, Patterns.Usual)
        .Where(item => item.Length > 0 && item == item.Trim() && ExclusionPattern.Validate(item, out _));

    private static readonly Gen<string> PlainText = Gen.OneOf(Gen.String, Patterns.Hostile)
        .Where(text => !text.TrimStart().StartsWith("base64:", StringComparison.Ordinal));

    [Fact]
    public void Reading_removes_only_delimiters_white_space_and_backslashes() =>
        PlainText.Sample(
            text =>
            {
                var items = ExclusionListFormat.Parse(text, out var error);
                Assert.Null(error);
                Assert.DoesNotContain("", items);
                Assert.Equal(items.Select(ExclusionListFormat.Trim), items);
                Assert.Equal(WithoutSeparators([text]), WithoutSeparators(items));
            },
            iter: 10_000);

    [Fact]
    public void A_text_without_brackets_and_escapes_is_split_at_each_delimiter() =>
        Gen.OneOf(",", "\n", "\r\n", " ", "\t", "/", "a", "1", "]", ")", "}", "^", "$", "*", "|", "-", "#", "?").Array[0, 20]
            .Select(tokens => string.Concat(tokens))
            .Sample(
            text => Assert.Equal(
                text.Split([',', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                ExclusionListFormat.Parse(text, out _)),
            iter: 10_000);

    [Fact]
    public void The_base64_of_a_text_is_the_same_list() =>
        PlainText.Sample(
            text => Assert.Equal(
                ExclusionListFormat.Parse(text, out _),
                ExclusionListFormat.Parse("base64:" + Convert.ToBase64String(Encoding.UTF8.GetBytes(text)), out _)),
            iter: 10_000);

    [Fact]
    public void Invalid_base64_is_an_error_and_an_empty_list() =>
        Gen.String.Where(text => !Convert.TryFromBase64String(text, new byte[text.Length], out _)).Sample(
            text =>
            {
                Assert.Empty(ExclusionListFormat.Parse("base64:" + text, out var error));
                Assert.Equal("What follows 'base64:' is not base64.", error);
            },
            iter: 10_000);

    [Fact]
    public void Writing_removes_only_commas_white_space_and_backslashes() =>
        Gen.OneOf(Gen.String, Patterns.Hostile)
            .Where(item => !item.Contains('\n', StringComparison.Ordinal) && !item.Contains('\r', StringComparison.Ordinal)).Array[0, 4]
            .Sample(
            items =>
            {
                var read = ExclusionListFormat.Parse(ExclusionListFormat.Write(items), out var error);
                Assert.Null(error);
                Assert.Equal(WithoutSeparators(items), WithoutSeparators(read));
            },
            iter: 10_000);

    [Fact]
    public void Written_items_are_read_unchanged() =>
        ValidItem.Select(Normalize).Array[0, 5].Sample(
            items => Assert.Equal(items, ExclusionListFormat.Parse(ExclusionListFormat.Write(items), out _)), iter: 10_000);

    [Fact]
    public void Items_written_as_base64_are_read_unchanged() =>
        ValidItem.Select(Normalize).Array[0, 5].Sample(
            items => Assert.Equal(items, ExclusionListFormat.Parse(ExclusionListFormat.WriteBase64(items), out _)), iter: 1_000);

    [Fact]
    public void Another_spelling_of_an_item_has_the_same_meaning() =>
        Gen.Select(ValidItem, Patterns.Path).Sample((item, path) => Patterns.AssertSame(item, Normalize(item), path), iter: 3_000);

    [Fact]
    public void Read_items_are_in_normal_form() =>
        ValidItem.Sample(item =>
        {
            var normal = Normalize(item);
            Assert.Equal(normal, Normalize(normal));
        }, iter: 3_000);

    private static string WithoutSeparators(IEnumerable<string> items) =>
        string.Concat(
            items.SelectMany(item => item).Where(c => !char.IsWhiteSpace(c) && c is not (',' or '\\' or (>= '\u001C' and <= '\u001F'))));

    private static string Normalize(string item) => Assert.Single(ExclusionListFormat.Parse(ExclusionListFormat.Write([item]), out _));
}
