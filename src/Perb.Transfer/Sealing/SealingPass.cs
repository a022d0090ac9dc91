using Perb.Transfer.Hashing;
using Perb.Transfer.Staging;

namespace Perb.Transfer.Sealing;

/// <summary>
/// The one pass over a volume's bytes: encrypt, hash, write. Two blocks take turns: while one is read and encrypted, the one before it is
/// hashed and written on other threads, since the chain of CFB cannot be shared among cores, and hashing costs about as much.
/// </summary>
internal sealed class SealingPass(VolumeMessage message, DigestPass digests, StagedFile staged) : IAsyncDisposable
{
    private const int BlockBytes = 1 << 20;

    private Block _free = new();
    private Block _busy = new();
    private Task _behind = Task.CompletedTask;

    /// <summary>Where the next content is to be put; another one after each <see cref="ContentAsync"/>.</summary>
    public Memory<byte> Room => _free.Content;

    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        message.Begin(_free.Part);
        await HandOnAsync(cancellationToken);
    }

    /// <param name="content">The beginning of <see cref="Room"/>.</param>
    /// <param name="cancellationToken">Stops before the block is handed on.</param>
    public async Task ContentAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        message.Content(content, _free.Part);
        await HandOnAsync(cancellationToken);
    }

    /// <summary>Everything is hashed and written when this returns.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await _behind; // the message's end rests on the digest of all before it
        message.Finish(_free.Part);
        await HandOnAsync(cancellationToken);
        await _behind;
    }

    public async ValueTask DisposeAsync()
    {
        // After a failure the other block may still be under way; nothing may be disposed under its feet.
        await _behind.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task HandOnAsync(CancellationToken cancellationToken)
    {
        await _behind;
        cancellationToken.ThrowIfCancellationRequested();
        (_free, _busy) = (_busy, _free);
        _behind = Task.WhenAll(HashAsync(_busy.Part), staged.WriteAsync(_busy.Part.Output, cancellationToken).AsTask());
    }

    private Task HashAsync(MessagePart part) => Task.Run(() =>
    {
        message.Digest(part);
        foreach (var segment in part.Output)
        {
            digests.Append(segment.Span);
        }
    });

    private sealed class Block
    {
        // Not of a pool: a read that hangs in the kernel may still write into it when everybody has left.
        public Memory<byte> Content { get; } = GC.AllocateUninitializedArray<byte>(BlockBytes);

        public MessagePart Part { get; } = new();
    }
}
