namespace Aspire.Hosting.RouteTracing.Tests.LiveList;

/// <summary>The system's time, which a test can advance.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    private long _shift;

    public TimeSpan Shift
    {
        set => Volatile.Write(ref _shift, value.Ticks * (System.TimestampFrequency / TimeSpan.TicksPerSecond));
    }

    public override long GetTimestamp() => System.GetTimestamp() + Volatile.Read(ref _shift);
}
