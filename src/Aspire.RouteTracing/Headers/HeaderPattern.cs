using System.Text.RegularExpressions;
using Aspire.RouteTracing.Configuration;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Headers;

/// <summary>A compiled item of a list of header names. Matching takes linear time, because clients choose the names.</summary>
internal sealed class HeaderPattern
{
    /// <summary>The number of items that a list can have.</summary>
    public const int MaxItems = 256;

    private const RegexOptions IgnoreCase = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    private readonly string _text;

    // Null for plain text, which most items are, because an automaton takes a millisecond and 200 KB.
    private readonly Regex? _expression;

    private HeaderPattern(string text, Regex? expression) => (_text, _expression) = (text, expression);

    /// <summary>Gets the only name that matches as a whole, or <see langword="null"/>.</summary>
    public string? ExactName => _expression is null ? _text : null;

    /// <summary>Compiles a list. Invalid configured items are logged and ignored.</summary>
    /// <param name="patterns">The list.</param>
    /// <param name="whole">Whether an item must match the whole name, instead of being searched in it.</param>
    /// <param name="logger">The logger for problems.</param>
    /// <exception cref="ArgumentException">An item that code added is not a valid expression.</exception>
    public static HeaderPattern[] Compile(PatternList patterns, bool whole, ILogger logger)
    {
        var compiled = new List<HeaderPattern>();
        foreach (var item in patterns.Resolve(logger))
        {
            try
            {
                compiled.Add(Compile(item, whole));
            }
            catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
            {
                patterns.Reject(item, exception.Message, logger);
            }
        }

        return [.. compiled];
    }

    /// <summary>Returns whether the expression matches the name, or the name contains the plain text.</summary>
    public bool IsMatch(string name) => _expression?.IsMatch(name) ?? name.Contains(_text, StringComparison.OrdinalIgnoreCase);

    private static HeaderPattern Compile(PatternList.Item item, bool whole)
    {
        var text = whole ? WithoutAnchors(item.Pattern) : item.Pattern;
        if (Regex.Escape(text) == text)
        {
            return new HeaderPattern(text, expression: null);
        }

        // Compiled without the group first, because ')(' is valid only within a group.
        var expression = new Regex(item.Pattern, IgnoreCase, Regex.InfiniteMatchTimeout);

        // The default items don't backtrack, so they need no automaton, which takes ten times as long. InfiniteMatchTimeout overrides an
        // app-wide default timeout.
        return new HeaderPattern(text, item.Source == PatternList.Default
            ? expression
            : new Regex(
                whole ? $@"\A(?:{item.Pattern})\z" : item.Pattern, IgnoreCase | RegexOptions.NonBacktracking, Regex.InfiniteMatchTimeout));
    }

    private static string WithoutAnchors(string item) => item.StartsWith('^') && item.EndsWith('$') ? item[1..^1] : item;
}
