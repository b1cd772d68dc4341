using System.Text.RegularExpressions;
using Aspire.RouteTracing.Configuration;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Headers;

/// <summary>One item of a list of header names, compiled. Matching is linear in the name, which is the client's to choose.</summary>
internal sealed partial class HeaderName
{
    /// <summary>The number of items that a list can have.</summary>
    public const int MaxItems = 256;

    private const RegexOptions IgnoreCase = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    // Null for plain text: most items are, and an automaton takes a millisecond and 200 KB.
    private readonly Regex? _expression;

    /// <exception cref="ArgumentException">The item is no regular expression.</exception>
    /// <exception cref="NotSupportedException">The item can't be matched in linear time.</exception>
    private HeaderName(string item, bool whole)
    {
        Item = item;
        if (Regex.Escape(item) != item)
        {
            // By itself first: ')(' is valid within a group only.
            _ = new Regex(item, IgnoreCase);

            // An application may set a default time-out for all its regular expressions.
            _expression = new Regex(whole ? $@"\A(?:{item})\z" : item, IgnoreCase | RegexOptions.NonBacktracking, Regex.InfiniteMatchTimeout);
        }
    }

    public string Item { get; }

    /// <summary>Whether the item is plain text, so that the header can be looked up.</summary>
    public bool IsPlain => _expression is null;

    /// <summary>Compiles one of the lists of the settings. An item that is wrong is logged and left out, if the configuration holds it.</summary>
    /// <param name="setting">The name of the setting.</param>
    /// <param name="items">Its value.</param>
    /// <param name="sources">What the configuration holds of it.</param>
    /// <param name="whole">Whether an item that is an expression has to match the whole name, or is searched in it.</param>
    /// <param name="logger">Where problems are logged.</param>
    /// <exception cref="ArgumentException">An item that code added is no valid expression.</exception>
    public static IReadOnlyList<HeaderName> Compile(string setting, IEnumerable<string> items, ConfiguredList sources, bool whole, ILogger logger)
    {
        foreach (var value in sources.Unreadable)
        {
            Log.UnreadableValue(logger, value.Source, value.Reason);
        }

        var names = new List<HeaderName>();
        foreach (var item in sources.Trace(setting, items))
        {
            if (names.Count == MaxItems)
            {
                Log.TooMany(logger, setting, MaxItems, item.Pattern, item.Position, item.Source);
                break;
            }

            try
            {
                names.Add(new HeaderName(item.Pattern, whole));
            }
            catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
            {
                if (item.Source == ConfiguredList.Code)
                {
                    throw new ArgumentException($"The item '{item.Pattern}' of {setting}, added in code, is no linear regular expression: {exception.Message}", exception);
                }

                Log.Invalid(logger, item.Pattern, item.Position, item.Source, exception.Message);
            }
        }

        return names;
    }

    /// <summary>Whether the expression matches the name, or the plain text is in it.</summary>
    public bool IsMatch(string name) => _expression?.IsMatch(name) ?? name.Contains(Item, StringComparison.OrdinalIgnoreCase);

    private static partial class Log
    {
        [LoggerMessage(50, LogLevel.Error, "The header name '{Pattern}', item {Position} of {Source}, is no linear regular expression and is left out: {Reason} The other items apply.")]
        public static partial void Invalid(ILogger logger, string pattern, int position, string source, string reason);

        [LoggerMessage(51, LogLevel.Error, "The header names in {Source} can't be read and are left out: {Reason}")]
        public static partial void UnreadableValue(ILogger logger, string source, string reason);

        [LoggerMessage(52, LogLevel.Error, "{Setting} can have {MaxItems} items. '{Pattern}', item {Position} of {Source}, and what comes after it are left out. Join some with '|'.")]
        public static partial void TooMany(ILogger logger, string setting, int maxItems, string pattern, int position, string source);
    }
}
