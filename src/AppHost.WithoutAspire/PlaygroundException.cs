namespace AppHost.WithoutAspire;

/// <summary>The playground can't run; the message says why and what to do, and is all that is shown.</summary>
internal sealed class PlaygroundException(string message) : Exception(message);
