using System.Diagnostics;

namespace Aspire.RouteTracing.Hooks;

/// <summary>
/// Remembers which values of a span the hooks set of those that the instrumentation sets by itself when the request ends, and sets them again after it. What
/// else a hook sets nobody overwrites but the application, which may.
/// </summary>
internal sealed class FinalValues
{
    private static readonly string[] Attributes =
    [
        "http.route",
        "http.response.status_code",
        "error.type",
        "rpc.system.name",
        "rpc.method",
        "rpc.method_original",
        "rpc.response.status_code",
        "network.peer.address",
        "network.peer.port",
    ];

    private static readonly object Untouched = new();

    private readonly Activity _span;
    private readonly object?[] _before = new object?[Attributes.Length];
    private readonly object?[] _final = new object?[Attributes.Length];
    private string? _displayNameBefore;
    private string? _displayName;
    private (ActivityStatusCode Code, string? Description) _statusBefore;
    private (ActivityStatusCode Code, string? Description)? _status;

    public FinalValues(Activity span)
    {
        _span = span;
        Array.Fill(_final, Untouched);
    }

    /// <summary>To be called before the hooks are.</summary>
    public void Watch()
    {
        _displayNameBefore = _span.DisplayName;
        _statusBefore = (_span.Status, _span.StatusDescription);
        for (var i = 0; i < Attributes.Length; i++)
        {
            _before[i] = _span.GetTagItem(Attributes[i]);
        }
    }

    /// <summary>To be called when they have run.</summary>
    public void Keep()
    {
        // By reference: a value that was set to what it was is meant to stay, too. A status is no object; one that is set again to what it was
        // can't be told from one that isn't.
        if (!ReferenceEquals(_span.DisplayName, _displayNameBefore))
        {
            _displayName = _span.DisplayName;
        }

        if ((_span.Status, _span.StatusDescription) != _statusBefore)
        {
            _status = (_span.Status, _span.StatusDescription);
        }

        for (var i = 0; i < Attributes.Length; i++)
        {
            var value = _span.GetTagItem(Attributes[i]);
            if (!ReferenceEquals(value, _before[i]))
            {
                _final[i] = value;
            }
        }
    }

    public void Restore()
    {
        _span.DisplayName = _displayName ?? _span.DisplayName;
        if (_status is { } status)
        {
            _span.SetStatus(status.Code, status.Description);
        }

        for (var i = 0; i < Attributes.Length; i++)
        {
            if (!ReferenceEquals(_final[i], Untouched))
            {
                _span.SetTag(Attributes[i], _final[i]);
            }
        }
    }
}
