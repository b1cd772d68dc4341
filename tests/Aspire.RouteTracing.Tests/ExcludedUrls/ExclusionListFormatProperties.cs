using Aspire.RouteTracing.ExcludedUrls;
using CsCheck;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

public class ExclusionListFormatProperties
{
    private static readonly Gen<string> ValidItem = Gen.OneOf(Patterns.Hostile, Patterns.Usual)
        .Where(item => item.Length > 0 && item == item.Trim() && ExclusionPattern.Validate(item, out _));

    [Fact]
    public void Any_text_is_a_list() =>
        Gen.OneOf(Gen.String, Patterns.Hostile, Gen.String.Select(text => "base64:" + text))
            .Sample(text => ExclusionListFormat.Parse(text, out _), iter: 10_000);

    [Fact]
    public void Any_items_can_be_written() =>
        Gen.OneOf(Gen.String, Patterns.Hostile).Array[0, 4].Sample(items => ExclusionListFormat.Write(items), iter: 10_000);

    [Fact]
    public void What_is_written_reads_as_the_same_items() =>
        ValidItem.Select(Normalize).Array[0, 5].Sample(
            items => Assert.Equal(items, ExclusionListFormat.Parse(ExclusionListFormat.Write(items), out _)), iter: 10_000);

    [Fact]
    public void What_is_written_as_base64_reads_as_the_same_items() =>
        ValidItem.Select(Normalize).Array[0, 5].Sample(
            items => Assert.Equal(items, ExclusionListFormat.Parse(ExclusionListFormat.WriteBase64(items), out _)), iter: 1_000);

    [Fact]
    public void Another_spelling_of_an_item_reads_as_one_that_means_the_same() =>
        Gen.Select(ValidItem, Patterns.Path)
            .Where((item, path) => Patterns.IsMatch(item, path) is not null)
            .Sample((item, path) => Assert.Equal(Patterns.IsMatch(item, path), Patterns.IsMatch(Normalize(item), path)), iter: 3_000);

    [Fact]
    public void What_was_read_is_in_the_normal_spelling() =>
        ValidItem.Sample(item =>
        {
            var normal = Normalize(item);
            Assert.Equal(normal, Normalize(normal));
        }, iter: 3_000);

    private static string Normalize(string item) => Assert.Single(ExclusionListFormat.Parse(ExclusionListFormat.Write([item]), out _));
}
