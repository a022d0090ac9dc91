using Perb.Transfer.Keys;

namespace Perb.Transfer.Signing;

/// <summary>A signing key, or the key of a trusted signer, that cannot be used.</summary>
public sealed class SignerException(IReadOnlyList<KeyFault> faults) : KeyFileException("signer", faults)
{
    public SignerException(string file, string reason)
        : this([new KeyFault(file, reason)])
    {
    }
}
