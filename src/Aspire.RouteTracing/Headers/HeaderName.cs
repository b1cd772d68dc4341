using System.Text.RegularExpressions;
using Aspire.RouteTracing.Configuration;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Headers;

/// <summary>One item of a list of header names, compiled. Matching is linear in the name, which is the client's to choose.</summary>
internal sealed partial record HeaderName(string Item, Regex Expression)
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    /// <summary>Whether the expression matches nothing but itself, so that the header can be looked up.</summary>
    public bool IsPlain => Regex.Escape(Item) == Item;

    /// <summary>Compiles one of the lists of the settings. An item that is wrong is logged and left out, if the configuration holds it.</summary>
    /// <param name="setting">The name of the setting.</param>
    /// <param name="items">Its value.</param>
    /// <param name="sources">What the configuration holds of it.</param>
    /// <param name="whole">Whether an item has to match the whole name, or is searched in it.</param>
    /// <param name="logger">Where problems are logged.</param>
    /// <exception cref="ArgumentException">An item that code added is no valid expression.</exception>
    public static IReadOnlyList<HeaderName> Compile(string setting, IEnumerable<string> items, ConfiguredList sources, bool whole, ILogger logger)
    {
        foreach (var value in sources.Unreadable)
        {
            Log.UnreadableValue(logger, value.Source, value.Reason);
        }

        var names = new List<HeaderName>();
        foreach (var item in items.Distinct(StringComparer.Ordinal).Select(sources.Find))
        {
            try
            {
                // By itself first: ')(' is valid within a group only.
                var search = new Regex(item.Pattern, Options);
                names.Add(new HeaderName(item.Pattern, whole ? new Regex($@"\A(?:{item.Pattern})\z", Options) : search));
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

    private static partial class Log
    {
        [LoggerMessage(50, LogLevel.Error, "The header name '{Pattern}', item {Position} of {Source}, is no linear regular expression and is left out: {Reason} The other items apply.")]
        public static partial void Invalid(ILogger logger, string pattern, int position, string source, string reason);

        [LoggerMessage(51, LogLevel.Error, "The header names in {Source} can't be read and are left out: {Reason}")]
        public static partial void UnreadableValue(ILogger logger, string source, string reason);
    }
}
