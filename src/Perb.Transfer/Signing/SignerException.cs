using Perb.Transfer.Keys;

namespace Perb.Transfer.Signing;

/// <summary>A signing key, or the key of a trusted signer, that cannot be used; all faulty files are named at once.</summary>
public sealed class SignerException(IReadOnlyList<KeyFault> faults)
    : EncryptionException(string.Join("; ", faults.Select(fault => $"signer {fault.File}: {fault.Reason}")))
{
    public SignerException(string file, string reason)
        : this([new KeyFault(file, reason)])
    {
    }

    public IReadOnlyList<KeyFault> Faults { get; } = faults;
}
