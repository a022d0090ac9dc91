using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;
using Perb.Transfer.Hashing;
using Perb.Transfer.Sealing;

namespace Perb.Transfer.Decrypting;

/// <summary>
/// Decrypts a message of our format. Reading, hashing and decrypting go on at once, each a few blocks behind the one before; whoever reads the
/// content is the last. Everything that is not exactly as its length demands is damage.
/// </summary>
internal sealed class MessageDecryption : IDecryption
{
    private const int LiteralTag = 11;

    private readonly string _name;
    private readonly SafeFileHandle _file;
    private readonly MessageHead _head;
    private readonly IContentOpening _opening;
    private readonly DecryptionBlocks _blocks;
    private readonly PacketFraming _encrypted;
    private readonly PacketFraming _literal;
    private readonly Channel<DecryptionBlock> _toHash = Channel.CreateUnbounded<DecryptionBlock>();
    private readonly Channel<DecryptionBlock> _toDecrypt = Channel.CreateUnbounded<DecryptionBlock>();
    private readonly Channel<DecryptionBlock> _plain = Channel.CreateUnbounded<DecryptionBlock>();
    private readonly TaskCompletionSource<string?> _literalName = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop;
    private readonly Task _all;
    private Exception? _fault;

    /// <param name="path">For words.</param>
    /// <param name="file">The message; closed with this.</param>
    /// <param name="head">What was found out about it.</param>
    /// <param name="opening">Its cipher; disposed with this.</param>
    /// <param name="blocks">Nobody else's meanwhile.</param>
    /// <param name="digests">Gets all its bytes; null: nobody asks.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public MessageDecryption(
        string path,
        SafeFileHandle file,
        MessageHead head,
        IContentOpening opening,
        DecryptionBlocks blocks,
        DigestPass? digests,
        CancellationToken cancellationToken)
    {
        (_name, _file, _head, _opening, _blocks) = (Path.GetFileName(path), file, head, opening, blocks);
        _encrypted = new PacketFraming(head.Tag, head.BodyBytes);
        _literal = new PacketFraming(LiteralTag, head.LiteralBodyBytes);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Content = new PlainContent(_plain.Reader, blocks);
        _all = Task.WhenAll(
            Stage(ReadAsync),
            Stage(() => HashAsync(digests)),
            Stage(DecryptAsync));
    }

    /// <inheritdoc/>
    public Stream Content { get; }

    /// <summary>What the message says it is called; null: what is encrypted is not of our format.</summary>
    public Task<string?> NameAsync(CancellationToken cancellationToken) => _literalName.Task.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await _all.WaitAsync(cancellationToken);
        if (_fault is not null)
        {
            ExceptionDispatchInfo.Throw(_fault);
        }

        try
        {
            _opening.Finish();
        }
        catch (InvalidDataException exception)
        {
            throw Damaged(exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _all;
        _blocks.FreeAll();
        _opening.Dispose();
        _file.Dispose();
        _stop.Dispose();
    }

    /// <summary>The first fault is the one to report; it ends the others, and whoever reads the content.</summary>
    private Task Stage(Func<Task> run) => Task.Run(async () =>
    {
        try
        {
            await run();
        }
#pragma warning disable CA1031 // Handed to whoever waits for the name, the content or the end.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            var fault = exception switch
            {
                InvalidDataException => Damaged(exception),
                IOException => new DecryptionException($"{_name} cannot be read: {exception.Message}", keyIsMissing: false),
                _ => exception,
            };
            Interlocked.CompareExchange(ref _fault, fault, null);
            _literalName.TrySetException(_fault);
            _plain.Writer.TryComplete(_fault);
            await _stop.CancelAsync();
        }
    });

    private DecryptionException Damaged(Exception exception) => new($"{_name} is damaged: {exception.Message}", keyIsMissing: false);

    private async Task ReadAsync()
    {
        for (var offset = 0L; offset < _head.MessageBytes;)
        {
            var block = await _blocks.TakeAsync(_stop.Token);
            block.Fill(_file, offset, (int)Math.Min(DecryptionBlock.Bytes, _head.MessageBytes - offset), users: 2);
            offset += block.Sealed.Length;
            _toHash.Writer.TryWrite(block);
            _toDecrypt.Writer.TryWrite(block);
        }

        _toHash.Writer.Complete();
        _toDecrypt.Writer.Complete();
    }

    private async Task HashAsync(DigestPass? digests)
    {
        await foreach (var block in _toHash.Reader.ReadAllAsync(_stop.Token))
        {
            digests?.Append(block.Sealed.Span);
            _blocks.Leave(block);
        }
    }

    private async Task DecryptAsync()
    {
        var kept = new Queue<DecryptionBlock>();
        var (toSkip, plainBytes) = (_head.SessionKeyBytes, 0L);
        await foreach (var block in _toDecrypt.Reader.ReadAllAsync(_stop.Token))
        {
            if (!Open(block, toSkip, plainBytes))
            {
                _literalName.TrySetResult(null);
                return;
            }

            (toSkip, plainBytes) = (0, block.PlainEnd);
            kept.Enqueue(block);
            while (kept.TryPeek(out var oldest) && oldest.PlainEnd <= _opening.ReleasedBytes)
            {
                Release(kept.Dequeue());
            }
        }

        _plain.Writer.TryComplete(kept.Count == 0 ? null : Damaged(new InvalidDataException("its last chunk is missing")));
    }

    /// <param name="block">The next one.</param>
    /// <param name="toSkip">Not 0: it is the first, and the session key packets are so long.</param>
    /// <param name="plainBytes">So many came before it.</param>
    /// <returns>False: it is the first, and holds no literal packet of the length that follows from the file's.</returns>
    private bool Open(DecryptionBlock block, int toSkip, long plainBytes)
    {
        if (!_encrypted.Unframe(block.Sealed[toSkip..], block.Scrap))
        {
            return toSkip > 0 ? false : throw new InvalidDataException("its lengths are not those of its packet");
        }

        block.Decrypt(_opening);
        block.PlainEnd = plainBytes + block.Plain.Length;
        var begin = Math.Clamp(_opening.PrefixBytes - plainBytes, 0, block.Plain.Length);
        var end = Math.Clamp(_opening.PrefixBytes + _head.LiteralBytes - plainBytes, begin, block.Plain.Length);
        return _literal.Unframe(block.Plain[(int)begin..(int)end], block.Content)
            || (toSkip > 0 ? false : throw new InvalidDataException("its lengths are not those of its content"));
    }

    /// <summary>Its bytes may go out; those of the first one begin with the name.</summary>
    private void Release(DecryptionBlock block)
    {
        if (!_literalName.Task.IsCompleted)
        {
            var literal = block.Content.Count > 0 ? LiteralHead.Of(block.Content[0].Span) : null;
            _literalName.TrySetResult(literal?.Name);
            if (literal is null)
            {
                return;
            }

            block.Content[0] = block.Content[0][literal.Bytes..];
        }

        _plain.Writer.TryWrite(block);
    }
}
