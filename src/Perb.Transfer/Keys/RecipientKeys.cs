using System.Security.Cryptography;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Org.BouncyCastle.Crypto;
using Perb.Transfer.Sealing;

namespace Perb.Transfer.Keys;

/// <summary>Reads the configured key files and chooses, in each, the key that gpg would encrypt to.</summary>
public static class RecipientKeys
{
    private const string IfPrivate = "It must never be on this node: delete the file, and export the public key with gpg --export --armor";

    /// <param name="files">Armored or binary files, each with one public key.</param>
    /// <param name="now">Decides what has expired.</param>
    /// <param name="fingerprintsInUse">
    /// Subkey fingerprints (upper-case) that this installation already encrypted to. They stay usable after they expire: a
    /// stopped offsite backup is the greater harm. The caller sees it by <see cref="Recipient.ExpiresAt"/> and shouts.
    /// </param>
    /// <exception cref="RecipientException">At least one file cannot be used; every faulty file is named.</exception>
    public static IReadOnlyList<Recipient> Load(
        IReadOnlyList<string> files, DateTimeOffset now, IReadOnlySet<string> fingerprintsInUse)
    {
        var recipients = new List<Recipient>();
        var faults = new List<KeyFault>();
        foreach (var file in files)
        {
            try
            {
                var recipient = KeySelection.Choose(file, new CertifiedKey(KeyFile.Read(file, IfPrivate)), now, fingerprintsInUse);
                RequireUsable(recipient);
                recipients.Add(recipient);
            }
            catch (UnusableKeyException exception)
            {
                faults.Add(new KeyFault(file, exception.Message, exception.IsOfClock));
            }
        }

        var doubles = recipients.GroupBy(recipient => recipient.SubkeyFingerprint).Where(same => same.Count() > 1);
        faults.AddRange(doubles.Select(same => new KeyFault(
            same.Last().File, $"holds the same key as {same.First().File}; name it once")));

        return faults.Count == 0 ? recipients : throw new RecipientException(faults);
    }

    /// <summary>Encrypts a key that nobody uses: a curve or number that will not do must show now, not in the first backup.</summary>
    private static void RequireUsable(Recipient recipient)
    {
        try
        {
            _ = SessionKeyPacket.For(recipient.EncryptionKey, new byte[SessionKeyPacket.KeyBytes], hideRecipient: false);
        }
        catch (Exception exception) when (
            exception is PgpException or CryptoException or CryptographicException
                or ArgumentException or ArithmeticException or InvalidOperationException)
        {
            throw new UnusableKeyException(
                $"its encryption key {recipient.SubkeyFingerprint} is not supported ({Printable.Clean(exception.Message)}); use RSA or cv25519");
        }
    }
}

/// <summary>Why one key will not do; <see cref="RecipientKeys"/> adds which file it came from.</summary>
internal sealed class UnusableKeyException(string reason) : Exception(reason)
{
    /// <summary>It is not the key that is wrong: it was made after now.</summary>
    public bool IsOfClock { get; private init; }

    public static UnusableKeyException MadeInTheFuture(string what, DateTimeOffset createdAt) =>
        new($"{what} was made in the future, {createdAt:u}; check the clock") { IsOfClock = true };
}
