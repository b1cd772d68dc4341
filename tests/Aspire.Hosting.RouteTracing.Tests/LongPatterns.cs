using System.Globalization;

namespace Aspire.Hosting.RouteTracing.Tests;

/// <summary>Different patterns of a given length, which is at most 1,000 characters.</summary>
internal static class LongPatterns
{
    public static string[] Create(char character, int count, int length) =>
        [.. Enumerable.Range(0, count).Select(i => i.ToString("D2", CultureInfo.InvariantCulture) + new string(character, length - 2))];
}
