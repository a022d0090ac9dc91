namespace Perb.Transfer.Keys;

/// <summary>Why one key file cannot be used.</summary>
public sealed record KeyFault(string File, string Reason);

/// <summary>At least one key file cannot be used; all faulty files are named at once.</summary>
public abstract class KeyFileException(string whose, IReadOnlyList<KeyFault> faults)
    : EncryptionException(string.Join("; ", faults.Select(fault => $"{whose} {fault.File}: {fault.Reason}")))
{
    public IReadOnlyList<KeyFault> Faults { get; } = faults;
}
