namespace Aspire.Hosting.RouteTracing.Variables;

/// <summary>A list that goes on after a value which is known only where it is deployed.</summary>
/// <param name="Value">The value that the variable has already.</param>
/// <param name="Text">What follows it.</param>
internal sealed record JoinedValue(object Value, string Text);
