namespace Perb.Scheduler.Restore;

/// <summary>A backup cannot be restored, or not as it was asked for; one line with what to do.</summary>
public sealed class RestoreException(string message) : Exception(message);

/// <summary>A volume on its way is not what the manifest or its own name says.</summary>
/// <param name="number">Which, from 1.</param>
/// <param name="message">One line.</param>
internal sealed class VolumeException(int number, string message) : Exception(message)
{
    public int Number { get; } = number;
}
