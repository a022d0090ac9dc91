using System.Threading.Channels;

namespace Perb.Transfer.Decrypting;

/// <summary>
/// The memory in which volumes are decrypted, one after another: a few blocks that go round. A chunk of OCB (4 MiB) stays in it until its tag
/// was right; the rest lets reading, hashing, decrypting and writing each go on while another waits.
/// </summary>
public sealed class DecryptionBlocks
{
    private const int Count = 28;

    private readonly DecryptionBlock[] _all = [.. Enumerable.Range(0, Count).Select(_ => new DecryptionBlock())];
    private Channel<DecryptionBlock> _free = Channel.CreateUnbounded<DecryptionBlock>();

    public DecryptionBlocks() => FreeAll();

    internal ValueTask<DecryptionBlock> TakeAsync(CancellationToken cancellationToken) => _free.Reader.ReadAsync(cancellationToken);

    internal void Leave(DecryptionBlock block)
    {
        if (block.Leave())
        {
            _free.Writer.TryWrite(block);
        }
    }

    /// <summary>Nobody uses any of them now, however it came to that.</summary>
    internal void FreeAll()
    {
        _free = Channel.CreateUnbounded<DecryptionBlock>();
        Array.ForEach(_all, block => _free.Writer.TryWrite(block));
    }
}
