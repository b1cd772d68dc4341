using System.IO.Enumeration;
using System.Text.RegularExpressions;

namespace Aspire.RouteTracing.Tests.Documents;

/// <summary>The rules for source code that neither .editorconfig nor an analyzer checks.</summary>
public sealed partial class SourceTests
{
    private const int MaxColumns = 140;

    private const int MaxTestNameLength = 73;

    /// <summary>Aspire's template.</summary>
    private static readonly string[] Exempt = ["src/ServiceDefaults/"];

    [Fact]
    public void A_line_has_at_most_140_columns() =>
        AssertNone(line => line.Length > MaxColumns && !IsUnbreakable(line));

    [Fact]
    public void The_arrow_of_an_expression_body_ends_its_line() =>
        AssertNone(line => line.TrimStart().StartsWith("=>", StringComparison.Ordinal));

    [Fact]
    public void A_test_class_is_sealed() =>
        Assert.Empty(Sources()
            .Where(source => TestAttribute().IsMatch(source.Text))
            .SelectMany(source => OpenClass().Matches(source.Text).Select(match => $"{source.Path}: {match.Value}")));

    [Fact]
    public void A_test_name_has_at_most_73_characters() =>
        Assert.DoesNotContain(
            Sources().SelectMany(source => TestName().Matches(source.Text).Select(match => match.Groups["name"].Value)),
            name => name.Length > MaxTestNameLength);

    [Fact]
    public void A_test_attribute_has_its_line_to_itself() =>
        AssertNone(line => SharedTestAttribute().IsMatch(line));

    private static void AssertNone(Func<string, bool> isWrong) =>
        Assert.Empty(Sources().SelectMany(source => source.Text.Split('\n').Index()
            .Where(line => isWrong(line.Item))
            .Select(line => $"{source.Path}:{line.Index + 1}: {line.Item.Trim()}")));

    private static IEnumerable<(string Path, string Text)> Sources() =>
        new[] { "src", "tests", "playground", "benchmarks" }
            .SelectMany(FindSources)
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
            .Where(path => !Array.Exists(Exempt, folder => path.StartsWith(folder, StringComparison.Ordinal)))
            .Select(path => (path, File.ReadAllText(Path.Combine(Repository.Root, path)).ReplaceLineEndings("\n")));

    private static FileSystemEnumerable<string> FindSources(string folder) =>
        new(
            Path.Combine(Repository.Root, folder),
            (ref file) => file.ToFullPath(),
            new EnumerationOptions { RecurseSubdirectories = true })
        {
            ShouldIncludePredicate = (ref file) => !file.IsDirectory && file.FileName.EndsWith(".cs", StringComparison.Ordinal),
            ShouldRecursePredicate = (ref folder) => folder.FileName is not "node_modules",
        };

    // A URL or a string without spaces.
    private static bool IsUnbreakable(string line) => line.Split(' ').Max(word => word.Length) > MaxColumns - 20;

    [GeneratedRegex(@"^ +\[(?:Fact|Theory)\b", RegexOptions.Multiline)]
    private static partial Regex TestAttribute();

    [GeneratedRegex(@"^public (?:partial )?class .*(?:Tests|Properties)\b", RegexOptions.Multiline)]
    private static partial Regex OpenClass();

    [GeneratedRegex(@"^    public (?:async )?(?:void|Task|ValueTask) (?<name>\w+)\(", RegexOptions.Multiline)]
    private static partial Regex TestName();

    [GeneratedRegex(@"^ +\[(?:Fact|Theory)(?:, |\(.*\), |.*\] *\[)")]
    private static partial Regex SharedTestAttribute();
}
