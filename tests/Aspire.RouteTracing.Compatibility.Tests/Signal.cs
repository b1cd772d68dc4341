namespace Aspire.RouteTracing.Compatibility.Tests;

/// <summary>Tells the test that the work of a request has run, where nothing else waits for it.</summary>
internal sealed class Signal
{
    private readonly TaskCompletionSource _isSet = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Task => _isSet.Task;

    public void Set() => _isSet.TrySetResult();
}
