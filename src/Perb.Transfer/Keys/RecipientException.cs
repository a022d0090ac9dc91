namespace Perb.Transfer.Keys;

/// <summary>Why one key file cannot be used.</summary>
public sealed record KeyFault(string File, string Reason);

/// <summary>At least one key file cannot be encrypted to; all faulty files are named at once.</summary>
public sealed class RecipientException(IReadOnlyList<KeyFault> faults)
    : EncryptionException(string.Join("; ", faults.Select(fault => $"recipient {fault.File}: {fault.Reason}")))
{
    public IReadOnlyList<KeyFault> Faults { get; } = faults;
}
