namespace Aspire.RouteTracing.Tests.Apps;

/// <summary>Waits that fail instead of hanging.</summary>
internal static class Waits
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    public static Task WithinAMinute(this Task task) => task.WaitAsync(Minute, TestContext.Current.CancellationToken);

    public static Task<T> WithinAMinute<T>(this Task<T> task) => task.WaitAsync(Minute, TestContext.Current.CancellationToken);
}
