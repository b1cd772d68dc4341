using System.Globalization;

namespace Aspire.RouteTracing.Soak;

/// <summary>One of the requests: its number decides what it is.</summary>
internal readonly record struct SoakRequest(int Id)
{
    public const string IdHeader = "x-id";

    private const int AbortedOneIn = 64;

    public enum Exclusion
    {
        /// <summary>No version of any list excludes it.</summary>
        Never,

        /// <summary>Every version of the list in memory excludes it.</summary>
        Always,

        /// <summary>Every whole version of the file excludes it.</summary>
        ByFile,

        /// <summary>Every other version of the list in memory excludes it.</summary>
        Sometimes,
    }

    public Exclusion Excluded => (Id % 8) switch
    {
        0 or 1 or 2 => Exclusion.Never,
        3 or 4 => Exclusion.Always,
        5 => Exclusion.ByFile,
        _ => Exclusion.Sometimes,
    };

    /// <summary>Whether the client goes away before it has read the answer.</summary>
    public bool IsAborted => Id / 8 % AbortedOneIn == 0;

    /// <summary>Whether it goes away as soon as the request is sent. Otherwise, when the answer starts.</summary>
    public bool IsAbortedAtOnce => IsAborted && Id / (8 * AbortedOneIn) % 2 == 0;

    // Half of the paths come again and again, the others once.
    public string Path => string.Create(CultureInfo.InvariantCulture, $"/{Prefix}/{(Id % 16 < 8 ? Id % 32 : Id)}");

    /// <summary>With a trace id that tells the spans of this request.</summary>
    public string TraceParent => string.Create(CultureInfo.InvariantCulture, $"00-{Id + 1:x32}-{1:x16}-01");

    private string Prefix => Excluded switch
    {
        Exclusion.Never => "never",
        Exclusion.Always => "always",
        Exclusion.ByFile => "by-file",
        _ => "sometimes",
    };
}
