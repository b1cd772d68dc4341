using System.Text;

namespace Aspire.RouteTracing.ExcludedUrls;

/// <summary>The text form of an exclusion list.</summary>
internal static class ExclusionListFormat
{
    private const string Base64Prefix = "base64:";

    public static IReadOnlyList<string> Parse(string? value, out string? error)
    {
        error = null;
        value ??= "";
        if (value.StartsWith(Base64Prefix, StringComparison.Ordinal))
        {
            try
            {
                value = Encoding.UTF8.GetString(Convert.FromBase64String(value[Base64Prefix.Length..]));
            }
            catch (FormatException exception)
            {
                error = exception.Message;
                return [];
            }
        }

        var items = new List<string>();
        var item = new StringBuilder();
        for (var i = 0; i <= value.Length; i++)
        {
            if (i == value.Length || value[i] == ',')
            {
                if (item.ToString().Trim() is { Length: > 0 } text)
                {
                    items.Add(text);
                }

                item.Clear();
            }
            else if (value[i] == '\\' && i + 1 < value.Length)
            {
                i++;
                item.Append(value[i] == ',' ? "," : $"\\{value[i]}");
            }
            else
            {
                item.Append(value[i]);
            }
        }

        return items;
    }

    public static string Write(IEnumerable<string> items) =>
        string.Join(',', items.Select(item => item.Replace(",", "\\,", StringComparison.Ordinal)));

    public static string WriteBase64(IEnumerable<string> items) =>
        Base64Prefix + Convert.ToBase64String(Encoding.UTF8.GetBytes(Write(items)));
}
