using System.Text.RegularExpressions;
using Aspire.RouteTracing.Configuration;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Headers;

/// <summary>One item of a list of header names, compiled. Matching is linear in the length of the name, which the client chooses.</summary>
internal sealed class HeaderPattern
{
    /// <summary>The number of items that a list can have.</summary>
    public const int MaxItems = 256;

    private const RegexOptions IgnoreCase = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    private readonly string _text;

    // Null for plain text: most items are, and an automaton takes a millisecond and 200 KB.
    private readonly Regex? _expression;

    private HeaderPattern(string text, Regex? expression) => (_text, _expression) = (text, expression);

    /// <summary>Gets the name of the only header that a whole match is possible for, or <see langword="null"/>.</summary>
    public string? ExactName => _expression is null ? _text : null;

    /// <summary>Compiles a list. An invalid item of the configuration is logged and ignored.</summary>
    /// <param name="patterns">The list.</param>
    /// <param name="whole">Whether an item has to match the whole name, or is searched in it.</param>
    /// <param name="logger">Where problems are logged.</param>
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
                patterns.Refuse(item, exception.Message, logger);
            }
        }

        return [.. compiled];
    }

    /// <summary>Returns whether the expression matches the name, or the plain text is part of it.</summary>
    public bool IsMatch(string name) => _expression?.IsMatch(name) ?? name.Contains(_text, StringComparison.OrdinalIgnoreCase);

    private static HeaderPattern Compile(PatternList.Item item, bool whole)
    {
        var text = whole ? WithoutAnchors(item.Pattern) : item.Pattern;
        if (Regex.Escape(text) == text)
        {
            return new HeaderPattern(text, expression: null);
        }

        // By itself first: ')(' is valid within a group only.
        var expression = new Regex(item.Pattern, IgnoreCase, Regex.InfiniteMatchTimeout);

        // The default items are known not to backtrack, and parsing is a tenth of what an automaton takes. An application may set a default
        // time-out for all its expressions, which doesn't apply to these.
        return new HeaderPattern(text, item.Source == PatternList.Default
            ? expression
            : new Regex(
                whole ? $@"\A(?:{item.Pattern})\z" : item.Pattern, IgnoreCase | RegexOptions.NonBacktracking, Regex.InfiniteMatchTimeout));
    }

    private static string WithoutAnchors(string item) => item.StartsWith('^') && item.EndsWith('$') ? item[1..^1] : item;
}
