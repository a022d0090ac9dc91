namespace Perb.Scheduler;

/// <summary>Faults of a disk that are over once somebody makes room or it answers again: no reason for a service to stay down.</summary>
internal static class DiskFault
{
    // .NET hands errno on as the HResult.
    private const int InputOutput = 5;
    private const int NoSpace = 28;
    private const int Quota = 122;

    public static bool Passes(Exception exception) => exception is IOException { HResult: InputOutput or NoSpace or Quota };
}
