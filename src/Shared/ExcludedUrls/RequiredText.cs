using System.Text;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>
/// Text that a URL has to contain for an item to match: the most telling run of plain characters outside of groups. Empty where there is none, or
/// where telling would take more of a parser than this.
/// </summary>
/// <param name="Text">The text.</param>
/// <param name="IsWhole">Whether the item consists of the text, apart from the anchors.</param>
/// <param name="AtStart">Whether the item starts with <c>^</c>.</param>
/// <param name="AtEnd">Whether the item ends with <c>$</c>.</param>
internal readonly record struct RequiredText(string Text, bool IsWhole, bool AtStart, bool AtEnd)
{
    // The more of a list's texts begin with the same character, the faster a URL is searched for all of them, and most can begin with a slash.
    private const int WorthOfSlash = 8;

    private static readonly RequiredText None = new("", IsWhole: false, AtStart: false, AtEnd: false);

    /// <summary>Finds the text in an item that is a valid regular expression, or would be one if it is plain text.</summary>
    public static RequiredText Of(string item)
    {
        var atStart = item.StartsWith('^');
        var atEnd = false;
        var isWhole = true;
        var depth = 0;
        var best = "";
        var run = new StringBuilder();
        for (var i = atStart ? 1 : 0; i < item.Length; i++)
        {
            var c = item[i];
            var next = i + 1 < item.Length ? item[i + 1] : '\0';
            switch (c)
            {
                case '$' when next == '\0' && depth == 0:
                    atEnd = true;
                    continue;
                case '\\' when IsItselfAfterBackslash(next):
                    c = next;
                    i++;
                    break;
                case '\\' when next is 'd' or 'D' or 's' or 'S' or 'w' or 'W' or 'b' or 'B' or 'A' or 'z' or 'Z':
                    i++;
                    EndRun();
                    continue;
                case '*' or '?':
                    EndRun(withoutLast: true);
                    continue;
                case '{' when QuantifierEnd(item, i) is > 0 and var end:
                    i = end;
                    EndRun(withoutLast: true);
                    continue;
                case '(' when next != '?' || (i + 2 < item.Length && item[i + 2] == ':'):
                    i += next == '?' ? 2 : 0;
                    depth++;
                    EndRun();
                    continue;
                case ')' when depth > 0:
                    depth--;
                    EndRun();
                    continue;
                case '[' when ClassEnd(item, i) is > 0 and var end:
                    i = end;
                    EndRun();
                    continue;
                case '.' or '+' or '^' or '$':
                case '|' when depth > 0:
                    EndRun();
                    continue;
                case '\\' or '{' or '(' or ')' or '[' or '|':
                    return None;
            }

            if (depth == 0)
            {
                run.Append(c);
            }
        }

        var wholeText = isWhole;
        EndRun();
        return new RequiredText(best, wholeText && best.Length > 0, atStart, atEnd);

        void EndRun(bool withoutLast = false)
        {
            isWhole = false;
            if (withoutLast && run.Length > 0)
            {
                run.Length--;
            }

            best = Worth(run.ToString()) > Worth(best) ? run.ToString() : best;
            run.Clear();
        }
    }

    private static int Worth(string text) => text.Length + (text is ['/', _, _, _, ..] ? WorthOfSlash : 0);

    private static int QuantifierEnd(string item, int start)
    {
        var end = start + 1;
        while (end < item.Length && (char.IsAsciiDigit(item[end]) || item[end] == ','))
        {
            end++;
        }

        return end < item.Length && item[end] == '}' ? end : -1;
    }

    private static int ClassEnd(string item, int start)
    {
        var i = start + 1;
        i += i < item.Length && item[i] == '^' ? 1 : 0;
        for (var first = i; i < item.Length && (item[i] != '[' || i == first); i++)
        {
            if (item[i] == ']' && i > first)
            {
                return i;
            }

            if (item[i] == '\\')
            {
                i++;
                if (i < item.Length && item[i] == 'c')
                {
                    // \c] is one character.
                    return -1;
                }
            }
        }

        return -1;
    }

    private static bool IsItselfAfterBackslash(char c) => c is
        '.' or '-' or '/' or '+' or '?' or '*' or '|' or '(' or ')' or '[' or ']' or '{' or '}' or '^' or '$' or '\\' or ',' or ' ' or '#';
}
