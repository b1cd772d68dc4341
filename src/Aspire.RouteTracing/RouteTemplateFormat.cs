namespace Aspire.RouteTracing;

/// <summary>How much of a route's template its name shows.</summary>
public enum RouteTemplateFormat
{
    /// <summary>The template as it was written: <c>/users/{id:int:min(1)=5}</c>, <c>/files/{**path:nonfile}</c>.</summary>
    Template,

    /// <summary>
    /// The names of the parameters alone, without their constraints, their defaults, the <c>?</c> of an optional one and the <c>*</c> of a
    /// catch-all, and without a slash at the end: <c>/users/{id}</c>, <c>/files/{path}</c>.
    /// </summary>
    Simple,
}
