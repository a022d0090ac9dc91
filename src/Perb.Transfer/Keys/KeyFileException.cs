namespace Perb.Transfer.Keys;

/// <summary>Why one key file cannot be used.</summary>
/// <param name="File">Which.</param>
/// <param name="Reason">In one line, with what to do.</param>
/// <param name="IsOfClock">It can be used once the clock is right: the key was made after now.</param>
public sealed record KeyFault(string File, string Reason, bool IsOfClock = false);

/// <summary>At least one key file cannot be used; all faulty files are named at once.</summary>
public abstract class KeyFileException(string whose, IReadOnlyList<KeyFault> faults)
    : EncryptionException(string.Join("; ", faults.Select(fault => $"{whose} {fault.File}: {fault.Reason}")))
{
    public IReadOnlyList<KeyFault> Faults { get; } = faults;
}
