using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Perb.Transfer.Keys;

namespace Perb.Transfer.Signing;

/// <summary>Reads what a <c>.sums.sig</c> holds: one or more detached signatures, binary (as Perb writes them) or armored.</summary>
internal static class SignatureFile
{
    private const int MaxSignatures = 16;

    /// <exception cref="UnusableKeyException">With a reason that follows "its signature".</exception>
    public static IReadOnlyList<PgpSignature> Read(byte[] content)
    {
        if (content.Length > TrustedSigners.MaxSignatureBytes)
        {
            throw new UnusableKeyException($"has {content.Length} bytes, more than any signature");
        }

        try
        {
            var signatures = Armor.Blocks(content).SelectMany(block => Signatures(block.ToBinary())).Take(MaxSignatures + 1).ToList();
            return signatures.Count switch
            {
                0 => throw new UnusableKeyException("is no OpenPGP signature"),
                > MaxSignatures => throw new UnusableKeyException($"holds more than {MaxSignatures} signatures"),
                _ => signatures,
            };
        }
        catch (Exception exception) when (Armor.IsParsing(exception))
        {
            throw new UnusableKeyException($"cannot be read ({Printable.Clean(exception.Message, 120)})");
        }
    }

    private static IEnumerable<PgpSignature> Signatures(byte[] packets)
    {
        if (PacketHead.Of(packets) is not { Tag: PacketTag.Signature })
        {
            throw new UnusableKeyException("is no OpenPGP signature");
        }

        var factory = new PgpObjectFactory(packets);
        while (factory.NextPgpObject() is { } item)
        {
            if (item is not PgpSignatureList list)
            {
                throw new UnusableKeyException("holds something that is no OpenPGP signature");
            }

            for (var index = 0; index < list.Count; index++)
            {
                yield return list[index];
            }
        }
    }
}
