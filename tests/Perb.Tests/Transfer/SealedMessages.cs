using System.Security.Cryptography;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Org.BouncyCastle.Security;
using Perb.Transfer.Keys;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Transfer;

/// <summary>Messages as the sealer writes them, in memory, for keys whose secret is at hand.</summary>
internal static class SealedMessages
{
    private const int Chunk = 1 << 20;

    public static (RSA Secret, Recipient Recipient) Key()
    {
        var secret = RSA.Create(2048);
        var key = new PgpPublicKey(PublicKeyAlgorithmTag.RsaGeneral, DotNetUtilities.GetRsaPublicKey(secret), DateTime.UnixEpoch);
        var fingerprint = Convert.ToHexString(key.GetFingerprint());
        return (secret, new Recipient(key) { File = "", Fingerprint = fingerprint, SubkeyFingerprint = fingerprint, UserId = "" });
    }

    public static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    /// <summary>As the sealer does: two parts in turns, digested one behind.</summary>
    public static byte[] Write(VolumeMessage message, byte[] content, IReadOnlyList<int> pieces)
    {
        using var written = new MemoryStream();
        var (free, behind) = (new MessagePart(), new MessagePart());
        message.Begin(free);
        Next();
        var left = content.AsMemory();
        foreach (var piece in pieces.Concat(Enumerable.Repeat(Chunk, (content.Length / Chunk) + 1)))
        {
            if (left.IsEmpty)
            {
                break;
            }

            var take = left[..Math.Min(piece, left.Length)];
            message.Content(take, free);
            message.Digest(behind);
            Next();
            left = left[take.Length..];
        }

        message.Digest(behind);
        message.Finish(free);
        Next();
        return written.ToArray();

        void Next()
        {
            foreach (var segment in free.Output)
            {
                written.Write(segment.Span);
            }

            (free, behind) = (behind, free);
        }
    }
}
