using System.Text;
using Aspire.RouteTracing.ExcludedUrls;

namespace Aspire.RouteTracing.Tests.ExcludedUrls;

public sealed class ExclusionListFormatTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(",")]
    [InlineData(" , ,\t\r\n,")]
    [InlineData("\u001C,\u00A0,\u3000")]
    public void Empty_items_are_ignored(string? value) => Reads(value);

    [Fact]
    public void A_comma_at_either_end_adds_no_item() => Reads(",/health,,/alive,", "/health", "/alive");

    [Fact]
    public void White_space_around_an_item_is_trimmed() =>
        Reads(" /health\n,\t/a b\u001F,\u3000/alive\u00A0", "/health", "/a b", "/alive");

    [Fact]
    public void A_space_after_a_backslash_is_part_of_the_item() => Reads(@"/a\ ,/b\\ ", @"/a\ ", @"/b\\");

    [Theory]
    [InlineData("/\\c\\ ,/b", "/\\c\\", "/b")]
    [InlineData("/\\c\\\\ ,/b", "/\\c\\\\ ", "/b")]
    [InlineData("(?x)a#\\ \n/b", "(?x)a#\\", "/b")]
    public void The_backslash_of_another_token_does_not_escape_a_space(string value, params string[] items) => Reads(value, items);

    [Fact]
    public void A_comma_after_a_backslash_is_part_of_the_item() => Reads(@"/list/1\,2,/b", "/list/1,2", "/b");

    [Fact]
    public void An_escaped_backslash_does_not_escape_the_comma_after_it() => Reads(@"/a\\,/b", @"/a\\", "/b");

    [Theory]
    [InlineData("[a,b]")]
    [InlineData("[],b]")]
    [InlineData("[^],b]")]
    [InlineData(@"[\],b]")]
    [InlineData(@"[\c],b]")]
    [InlineData("[[,]")]
    [InlineData("[a-z-[e,i]]")]
    [InlineData("[+--[,]")]
    public void A_comma_in_a_class_is_part_of_the_item(string item) => Reads($"/a,{item},/b", "/a", item, "/b");

    [Theory]
    [InlineData("(a,b)")]
    [InlineData("(?:a,(b,c),d)")]
    [InlineData(@"(a\),b)")]
    [InlineData("([)],b)")]
    [InlineData("(?#a,b [)")]
    public void A_comma_in_parentheses_is_part_of_the_item(string item) => Reads($"/a,{item},/b", "/a", item, "/b");

    [Theory]
    [InlineData("/a{1,3}")]
    [InlineData("/a{1,}")]
    public void The_comma_of_a_quantifier_is_part_of_the_item(string item) => Reads($"/a,{item},/b", "/a", item, "/b");

    [Theory]
    [InlineData("/a{,2}", "/a{", "2}")]
    [InlineData("/a{x,y}", "/a{x", "y}")]
    [InlineData("/a{1, 2}", "/a{1", "2}")]
    [InlineData(@"/a\{1,2}", @"/a\{1", "2}")]
    public void A_comma_in_other_braces_ends_the_item(string value, params string[] items) => Reads(value, items);

    [Fact]
    public void A_backslash_before_braces_is_kept() => Reads(@"/a{1\,3}", @"/a{1\,3}");

    [Theory]
    [InlineData(@"/a{\,3}", "/a{,3}")]
    [InlineData(@"/a{1\,x}", "/a{1,x}")]
    [InlineData(@"/a{1\,3", "/a{1,3")]
    [InlineData(@"1\,3}", "1,3}")]
    public void A_backslash_before_other_braces_is_removed(string value, string item) => Reads(value, item);

    [Theory]
    [InlineData("good,(bad,other", "good", "(bad", "other")]
    [InlineData("good,[bad,other", "good", "[bad", "other")]
    [InlineData("(bad,[a,b],x{1,2},(c,d)", "(bad", "[a,b]", "x{1,2}", "(c,d)")]
    [InlineData("((bad,(a,b)", "((bad", "(a,b)")]
    [InlineData("bad),other", "bad)", "other")]
    [InlineData(@"(bad\),other", @"(bad\)", "other")]
    [InlineData("(?#bad,other", "(?#bad", "other")]
    [InlineData(@"bad\", @"bad\")]
    public void An_unclosed_bracket_does_not_affect_the_other_items(string value, params string[] items) => Reads(value, items);

    [Theory]
    [InlineData("/health\n/alive", "/health", "/alive")]
    [InlineData("/health\r\n/alive\r/ready\r\n", "/health", "/alive", "/ready")]
    [InlineData("/a,\n/b\n,/c", "/a", "/b", "/c")]
    [InlineData("(?i)/a\n/b", "(?i)/a", "/b")]
    [InlineData("/bad\\\n/b", "/bad\\", "/b")]
    [InlineData("(bad\n/b", "(bad", "/b")]
    [InlineData("[bad\n/b", "[bad", "/b")]
    public void A_line_break_ends_an_item(string value, params string[] items) => Reads(value, items);

    [Theory]
    [InlineData("(?:/a\n|/b)")]
    [InlineData("(?x: /a # one, (two\n | /b )")]
    [InlineData("[\n]")]
    public void A_line_break_in_brackets_is_part_of_the_item(string item) => Reads($"/a\n{item}\n/b", "/a", item, "/b");

    [Fact]
    public void A_comment_ends_with_its_line() => Reads("(?x) a # one, (two\n b,# c", "(?x) a # one, (two", "b", "# c");

    [Fact]
    public void Options_do_not_apply_to_the_next_item() => Reads("(?x)a,/b#(\n,c)", "(?x)a", "/b#(\n,c)");

    [Fact]
    public void A_base64_value_is_decoded() =>
        Reads("base64:" + Convert.ToBase64String(Encoding.UTF8.GetBytes(@"/caf\,é, /健康$ ,")), "/caf,é", "/健康$");

    [Fact]
    public void White_space_and_line_breaks_in_base64_are_ignored() => Reads(" base64:L2hl\nYWx0aA==\n", "/health");

    [Fact]
    public void Base64_is_decoded_once() =>
        Reads("base64:" + Convert.ToBase64String("base64:L2hlYWx0aA=="u8), "base64:L2hlYWx0aA==");

    [Theory]
    [InlineData("base64:/health")]
    [InlineData("base64:L2hlYWx0aA=")]
    public void Invalid_base64_is_an_error_and_an_empty_list(string value) =>
        Assert.Equal("What follows 'base64:' is not base64.", Error(value));

    [Fact]
    public void Base64_of_invalid_UTF_8_is_an_error_and_an_empty_list() =>
        Assert.Equal("What follows 'base64:' is base64, but not of UTF-8 text.", Error("base64:" + Convert.ToBase64String([0xFF, 0xFE])));

    [Theory]
    [InlineData("/health,/alive", "/health", "/alive")]
    [InlineData(@"/list/1\,2", "/list/1,2")]
    [InlineData("/a{1,3},[a,b],(a,b)", "/a{1,3}", "[a,b]", "(a,b)")]
    [InlineData("/a{1, 3}", "/a{1", "3}")]
    [InlineData(@"/a{1\,3}", @"/a{1\,3}")]
    [InlineData(@"/a\\\,b,/c\\", @"/a\\,b", @"/c\\")]
    [InlineData("(?x)a # (b\n/c", "(?x)a # (b", "/c")]
    [InlineData("/bad\\\n/c", "/bad\\", "/c")]
    [InlineData("(?:/a\n/b),/c", "/a\n/b", "/c")]
    [InlineData("(?:(?x) a\n# b\n),/c", "(?x) a\n# b", "/c")]
    [InlineData("(/a\n/b)", "(/a\n/b)")]
    [InlineData("/health", " /health ", "", " ")]
    public void Only_delimiters_are_escaped(string value, params string[] items) =>
        Assert.Equal(value, ExclusionListFormat.Write(items));

    [Fact]
    public void A_list_that_begins_like_base64_is_written_as_base64()
    {
        var value = ExclusionListFormat.Write(["base64:a", "b"]);

        Assert.Equal(ExclusionListFormat.WriteBase64(["base64:a", "b"]), value);
        Reads(value, "base64:a", "b");
    }

    private static void Reads(string? value, params string[] items)
    {
        Assert.Equal(items, ExclusionListFormat.Parse(value, out var error));
        Assert.Null(error);
    }

    private static string? Error(string value)
    {
        Assert.Empty(ExclusionListFormat.Parse(value, out var error));
        return error;
    }
}
