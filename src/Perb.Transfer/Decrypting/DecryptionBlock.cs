using Microsoft.Win32.SafeHandles;
using Perb.Transfer.Sealing;

namespace Perb.Transfer.Decrypting;

/// <summary>One stretch of a message on its way through hashing, decryption and output, which all look at the same memory.</summary>
internal sealed class DecryptionBlock
{
    // Small enough to stay in a core's cache from one step to the next.
    public const int Bytes = 256 << 10;

    // Not of a pool: a read that hangs in the kernel may still write into it when everybody has left.
    private readonly byte[] _sealed = GC.AllocateUninitializedArray<byte>(Bytes);
    private readonly byte[] _plain = GC.AllocateUninitializedArray<byte>(Bytes + (2 * OcbCipher.BlockBytes));
    private int _users;

    /// <summary>As it was read.</summary>
    public ReadOnlyMemory<byte> Sealed { get; private set; }

    /// <summary>Decrypted.</summary>
    public ReadOnlyMemory<byte> Plain { get; private set; }

    /// <summary>What of it is the volume's content.</summary>
    public List<ReadOnlyMemory<byte>> Content { get; } = [];

    /// <summary>For the packets' bytes without their lengths.</summary>
    public List<ReadOnlyMemory<byte>> Scrap { get; } = [];

    /// <summary>Where the plain bytes end in the whole packet's.</summary>
    public long PlainEnd { get; set; }

    /// <param name="file">The message.</param>
    /// <param name="offset">Where to begin.</param>
    /// <param name="length">How much is wanted, at most a block.</param>
    /// <param name="users">So many have to be done with it before it is free again.</param>
    /// <exception cref="InvalidDataException">The file ends before that.</exception>
    public void Fill(SafeFileHandle file, long offset, int length, int users)
    {
        Content.Clear();
        Scrap.Clear();
        _users = users;
        for (var done = 0; done < length;)
        {
            var count = RandomAccess.Read(file, _sealed.AsSpan(done, length - done), offset + done);
            done += count > 0 ? count : throw new InvalidDataException("it ends before its end");
        }

        Sealed = _sealed.AsMemory(0, length);
    }

    /// <summary>Decrypts what <see cref="Scrap"/> has, which is then free for more.</summary>
    public void Decrypt(IContentOpening opening)
    {
        var written = 0;
        foreach (var segment in Scrap)
        {
            written += opening.Decrypt(segment, _plain.AsSpan(written));
        }

        Scrap.Clear();
        Plain = _plain.AsMemory(0, written);
    }

    /// <returns>True: nobody looks at it any more.</returns>
    public bool Leave() => Interlocked.Decrement(ref _users) == 0;
}
