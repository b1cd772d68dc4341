using System.Text.RegularExpressions;

namespace AppHost.Tests;

public sealed partial class DocumentTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_code_of_the_testing_document_is_compiled_here()
    {
        var document = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/testing.md"), Cancellation);
        var sources = Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests/AppHost.Tests"), "*.cs", SearchOption.AllDirectories)
            .Select(File.ReadAllText)
            .Select(WithoutIndents)
            .ToArray();

        var blocks = Code().Matches(document).Select(block => WithoutIndents(block.Groups["text"].Value)).ToArray();

        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Contains(sources, source => source.Contains(block, StringComparison.Ordinal)));
    }

    private static string WithoutIndents(string text) => Indent().Replace(text.ReplaceLineEndings("\n"), "");

    [GeneratedRegex(@"```csharp\r?\n(?<text>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex("^ +", RegexOptions.Multiline)]
    private static partial Regex Indent();
}
