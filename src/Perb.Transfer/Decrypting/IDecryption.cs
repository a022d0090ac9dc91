namespace Perb.Transfer.Decrypting;

/// <summary>A message that is decrypted: by gpg, or here, with the session key that gpg told.</summary>
public interface IDecryption : IAsyncDisposable
{
    /// <summary>The plaintext, as it comes. Whether it is right is only said at the end.</summary>
    Stream Content { get; }

    /// <summary>What the message says it is called; null where it ended before that: <see cref="FinishAsync"/> says why.</summary>
    Task<string?> NameAsync(CancellationToken cancellationToken);

    /// <summary>After the last byte of <see cref="Content"/>: it was all, and it was right.</summary>
    /// <exception cref="DecryptionException">It was not.</exception>
    /// <exception cref="OperationCanceledException">It was stopped, here or by Ctrl-C.</exception>
    Task FinishAsync(CancellationToken cancellationToken);
}
