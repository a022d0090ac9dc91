namespace Perb.Transfer.Decrypting;

/// <summary>gpg could not decrypt a message, or what it says about it is not what a whole message of ours says.</summary>
/// <param name="message">One line: the file, what gpg said.</param>
/// <param name="keyIsMissing">The message was not even begun: no private key for it, a wrong passphrase, a card that is not there.</param>
public sealed class DecryptionException(string message, bool keyIsMissing) : EncryptionException(message)
{
    public bool KeyIsMissing { get; } = keyIsMissing;
}
