namespace Aspire.RouteTracing;

/// <summary>Specifies how a route template is written in <c>http.route</c> and in the name of a span.</summary>
public enum RouteTemplateFormat
{
    /// <summary>
    /// The template with constraints and default values: <c>/users/{id:int:min(1)=5}</c>, <c>/files/{**path:nonfile}</c>.
    /// </summary>
    Template,

    /// <summary>
    /// The template with parameter names only: <c>/users/{id}</c>, <c>/files/{path}</c>. Constraints, default values, the <c>?</c> of
    /// optional parameters, the <c>*</c> of catch-all parameters, and trailing slashes are omitted.
    /// </summary>
    Simple,
}
