using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Aspire.RouteTracing.Hooks;

/// <summary>
/// Isolates the request from the exceptions of a hook, including those of async lambdas, and from the activities that it leaves open. See
/// "Why hooks have a synchronization context" in docs/architecture.md.
/// </summary>
internal sealed partial class IsolatedHook(string name, ILogger logger) : SynchronizationContext
{
    private bool _isAsyncLogged;
    private bool _isFailureLogged;

    /// <summary>Called when an async void method starts.</summary>
    public override void OperationStarted()
    {
        if (!_isAsyncLogged && !Interlocked.Exchange(ref _isAsyncLogged, true))
        {
            Log.IsAsync(logger, name);
        }
    }

    public override void Post(SendOrPostCallback d, object? state) =>
        ThreadPool.UnsafeQueueUserWorkItem(
            static work => work.Hook.Send(work.Callback, work.State), (Hook: this, Callback: d, State: state), preferLocal: false);

    public override void Send(SendOrPostCallback d, object? state) => Invoke(static (callback, state) => callback(state), d, state);

    public void Invoke<T1, T2>(Action<T1, T2> action, T1 first, T2 second)
    {
        var (before, activity) = (Current, Activity.Current);
        SetSynchronizationContext(this);
        try
        {
            action(first, second);
        }
        catch (Exception exception)
        {
            LogFailure(exception);
        }
        finally
        {
            SetSynchronizationContext(before);
            if (Activity.Current != activity)
            {
                Activity.Current = activity;
            }
        }
    }

    private void LogFailure(Exception exception)
    {
        if (!_isFailureLogged && !Interlocked.Exchange(ref _isFailureLogged, true))
        {
            Log.Failed(logger, exception, name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            40, LogLevel.Error,
            "The hook {Hook} threw an exception. The request and the other hooks continue. Further exceptions of this hook are not "
            + "logged.")]
        public static partial void Failed(ILogger logger, Exception exception, string hook);

        [LoggerMessage(
            41, LogLevel.Warning,
            "The hook {Hook} is async, but hooks are not awaited. Code after its first await may run after the span and the request have "
            + "ended. Change the span before the first await.")]
        public static partial void IsAsync(ILogger logger, string hook);
    }
}
