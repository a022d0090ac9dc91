using System.Globalization;

namespace Perb.Transfer.Unpacking;

/// <summary>
/// Reads the tar of a backup, entry by entry. It holds a few regular files with plain names; anything else (a path, a link, a device) is
/// refused, so that nothing that somebody put into a message can be written anywhere but under the name that its reader chose for it.
/// </summary>
/// <param name="stream">At a header; or, with <paramref name="begun"/>, within the content of an entry.</param>
/// <param name="isOurs">
/// Exactly as docs/FORMAT.md says: plain names, the end mark, nothing behind it. Else as tar programs write it: of a path the last part counts,
/// and zeros fill up the end.
/// </param>
/// <param name="begun">The entry in whose content the stream begins.</param>
/// <param name="remainingBytes">How much of its content is still to come.</param>
public sealed class TarEntries(Stream stream, bool isOurs, TarEntry? begun = null, long remainingBytes = 0)
{
    private const int MaxPaxBytes = 64 << 10;

    private readonly byte[] _block = new byte[TarBlock.Bytes];
    private TarEntry? _current = begun;
    private long _remaining = remainingBytes;

    /// <summary>Whether a content begins as a tar does, and with which name: of a path its last part. Null: it does not.</summary>
    public static string? FirstName(ReadOnlySpan<byte> head)
    {
        try
        {
            return TarBlock.IsHeader(head) && TarBlock.Read(head[..TarBlock.Bytes]).Name is var path ? path[(path.LastIndexOf('/') + 1)..] : null;
        }
        catch (TarException)
        {
            return null;
        }
    }

    /// <summary>The next entry, or null behind the last one. What was not read of the one before is passed over.</summary>
    /// <exception cref="TarException">Not a tar of a backup.</exception>
    public async Task<TarEntry?> NextAsync(CancellationToken cancellationToken)
    {
        await PassOverAsync(cancellationToken);
        var pax = Pax.None;
        while (true)
        {
            await ReadBlockAsync(cancellationToken);
            if (_block.AsSpan().IndexOfAnyExcept((byte)0) < 0)
            {
                await RequireEndAsync(pax, cancellationToken);
                return _current = null;
            }

            var header = TarBlock.Read(_block);
            if (header.Type == 'x' && pax.IsEmpty)
            {
                pax = await ReadPaxAsync(header.SizeBytes, cancellationToken);
                continue;
            }

            _current = EntryOf(header, pax);
            _remaining = _current.SizeBytes;
            return _current;
        }
    }

    /// <summary>The next bytes of the entry's content; 0 at its end.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var take = (int)Math.Min(buffer.Length, _remaining);
        if (take == 0)
        {
            return 0;
        }

        var count = await stream.ReadAsync(buffer[..take], cancellationToken);
        if (count == 0)
        {
            throw new TarException($"the tar ends {_remaining} bytes before the end of {_current!.Name}");
        }

        _remaining -= count;
        return count;
    }

    /// <exception cref="TarException">The stream ends.</exception>
    private async Task ReadBlockAsync(CancellationToken cancellationToken)
    {
        try
        {
            await stream.ReadExactlyAsync(_block, cancellationToken);
        }
        catch (EndOfStreamException)
        {
            throw new TarException("the tar ends before its end mark");
        }
    }

    private async Task PassOverAsync(CancellationToken cancellationToken)
    {
        if (_current is null)
        {
            return;
        }

        var scrap = new byte[1 << 16];
        while (await ReadAsync(scrap, cancellationToken) > 0)
        {
        }

        var padding = (int)((TarBlock.Bytes - (_current.SizeBytes % TarBlock.Bytes)) % TarBlock.Bytes);
        try
        {
            await stream.ReadExactlyAsync(scrap.AsMemory(0, padding), cancellationToken);
        }
        catch (EndOfStreamException)
        {
            throw new TarException($"the tar ends right behind {_current.Name}");
        }

        if (isOurs && scrap.AsSpan(0, padding).IndexOfAnyExcept((byte)0) >= 0)
        {
            throw new TarException($"the tar is damaged: {_current.Name} is not followed by zeros");
        }
    }

    private async Task RequireEndAsync(Pax pax, CancellationToken cancellationToken)
    {
        await ReadBlockAsync(cancellationToken);
        var isEnd = pax.IsEmpty && _block.AsSpan().IndexOfAnyExcept((byte)0) < 0;
        var rest = new byte[1 << 16];
        for (int count; isEnd && (count = await stream.ReadAsync(rest, cancellationToken)) > 0;)
        {
            isEnd = !isOurs && rest.AsSpan(0, count).IndexOfAnyExcept((byte)0) < 0;
        }

        if (!isEnd)
        {
            throw new TarException("the tar is damaged: its end mark is not at its end");
        }
    }

    private async Task<Pax> ReadPaxAsync(long sizeBytes, CancellationToken cancellationToken)
    {
        if (sizeBytes is 0 or > MaxPaxBytes)
        {
            throw new TarException($"the tar is damaged: {sizeBytes} bytes of pax records");
        }

        var records = new byte[(sizeBytes + TarBlock.Bytes - 1) / TarBlock.Bytes * TarBlock.Bytes];
        try
        {
            await stream.ReadExactlyAsync(records, cancellationToken);
        }
        catch (EndOfStreamException)
        {
            throw new TarException("the tar ends within its pax records");
        }

        return Pax.Read(records.AsSpan(0, (int)sizeBytes));
    }

    private TarEntry EntryOf(TarBlock header, Pax pax)
    {
        var path = pax.Path ?? header.Name;
        if (!header.IsFile)
        {
            throw new TarException($"the tar holds '{Printable.Clean(path, 100)}', which is {header.TypeInWords} and no regular file");
        }

        var name = isOurs ? path : path[(path.LastIndexOf('/') + 1)..];
        if (name is "" or "." or ".." || name.Any(letter => letter == '/' || char.IsControl(letter)))
        {
            throw new TarException($"the tar holds '{Printable.Clean(path, 100)}', which is no plain file name");
        }

        var modifiedAt = DateTimeOffset.UnixEpoch.AddSeconds(Math.Clamp(header.ModifiedSeconds, 0, LatestSeconds));
        return new TarEntry(name, pax.SizeBytes ?? header.SizeBytes, modifiedAt);
    }

    // The last second that .NET knows; tar knows later ones.
    private static readonly long LatestSeconds = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <summary>The pax records that matter: <c>LENGTH KEY=VALUE\n</c>, of which LENGTH counts itself.</summary>
    private sealed record Pax(string? Path, long? SizeBytes)
    {
        public static Pax None { get; } = new(null, null);

        public bool IsEmpty => ReferenceEquals(this, None);

        public static Pax Read(ReadOnlySpan<byte> records)
        {
            var (path, size) = ((string?)null, (long?)null);
            while (!records.IsEmpty)
            {
                var space = records.IndexOf((byte)' ');
                var equals = records.IndexOf((byte)'=');
                if (space is < 1 or > 6
                    || !int.TryParse(records[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                    || length <= equals || equals < space || length > records.Length || records[length - 1] != '\n')
                {
                    throw new TarException("the tar is damaged: a pax record is malformed");
                }

                var value = TarBlock.Decode(records[(equals + 1)..(length - 1)]);
                switch (TarBlock.Decode(records[(space + 1)..equals]))
                {
                    case "path":
                        path = value;
                        break;
                    case "size":
                        size = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                            ? number
                            : throw new TarException("the tar is damaged: a size in a pax record is no number");
                        break;
                }

                records = records[length..];
            }

            return new Pax(path, size);
        }
    }
}
