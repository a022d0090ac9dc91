using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Perb.Transfer.Hashing;
using Perb.Transfer.Sealing;

namespace Perb.Transfer.Decrypting;

/// <summary>A message of our format of which gpg has told the session key: it can be decrypted here, several times as fast as by gpg.</summary>
public sealed class UnlockedMessage : IDisposable
{
    private readonly string _file;
    private readonly MessageHead _head;
    private readonly byte[] _sessionKey;

    private UnlockedMessage(string file, MessageHead head, byte[] sessionKey) => (_file, _head, _sessionKey) = (file, head, sessionKey);

    /// <param name="file">The message.</param>
    /// <param name="cancellationToken">Ends gpg.</param>
    /// <returns>Null: the whole of it has to go through gpg, which also knows what is wrong with it.</returns>
    /// <exception cref="DecryptionException">There is no private key for it, no passphrase, or no gpg; or it cannot be read.</exception>
    public static async Task<UnlockedMessage?> UnlockAsync(string file, CancellationToken cancellationToken)
    {
        var (head, messageBytes) = await ReadHeadAsync(file, cancellationToken);
        if (MessageHead.Of(head, messageBytes) is not { } ours || (ours.Kind == PacketKind.Ocb && !OcbCipher.IsAvailable))
        {
            return null;
        }

        var sessionKey = await GpgSessionKey.AskAsync(Path.GetFileName(file), head[..ours.SessionKeyBytes], cancellationToken);
        return sessionKey is null ? null : new UnlockedMessage(file, ours, sessionKey);
    }

    /// <param name="blocks">Nobody else may use them meanwhile.</param>
    /// <param name="digests">Gets every byte that is decrypted, as it stands in the file; null: nobody asks.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Null: what is encrypted in it is not of our format; gpg has to decrypt it.</returns>
    /// <exception cref="DecryptionException">It is damaged, or cannot be read.</exception>
    public async Task<IDecryption?> DecryptAsync(DecryptionBlocks blocks, DigestPass? digests, CancellationToken cancellationToken)
    {
        var decryption = new MessageDecryption(_file, OpenFile(_file), _head, Opening(), blocks, digests, cancellationToken);
        try
        {
            if (await decryption.NameAsync(cancellationToken) is not null)
            {
                return decryption;
            }
        }
        catch
        {
            await decryption.DisposeAsync();
            throw;
        }

        await decryption.DisposeAsync();
        return null;
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_sessionKey);

    private IContentOpening Opening() => _head.Kind switch
    {
        PacketKind.Mdc => new MdcOpening(_sessionKey, _head.LiteralBytes),
        PacketKind.Ocb => new OcbOpening(_sessionKey, _head.LiteralBytes),
        _ => throw new InvalidOperationException($"{_head.Kind}"),
    };

    private static async Task<(ReadOnlyMemory<byte> Head, long MessageBytes)> ReadHeadAsync(string file, CancellationToken cancellationToken)
    {
        using var handle = OpenFile(file);
        var head = new byte[MessageHead.Bytes];
        try
        {
            return (head.AsMemory(0, await RandomAccess.ReadAsync(handle, head, 0, cancellationToken)), RandomAccess.GetLength(handle));
        }
        catch (IOException exception)
        {
            throw Unreadable(file, exception);
        }
    }

    private static SafeFileHandle OpenFile(string file)
    {
        try
        {
            return File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(file, exception);
        }
    }

    private static DecryptionException Unreadable(string file, Exception exception) =>
        new($"{Path.GetFileName(file)} cannot be read: {exception.Message}", keyIsMissing: false);
}
