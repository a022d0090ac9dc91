using System.Buffers;
using System.Text;

namespace Perb.Transfer.Rclone;

/// <summary>Reads what a program writes, in bounded memory whatever it writes.</summary>
internal static class OutputReader
{
    private const int ChunkBytes = 16 * 1024;
    private const int LongestLineBytes = 64 * 1024;

    /// <summary>Calls <paramref name="take"/> for each line; what exceeds the longest line is dropped up to its end.</summary>
    public static async Task ReadLinesAsync(Stream stream, Action<string> take, CancellationToken cancellationToken)
    {
        var chunk = new byte[ChunkBytes];
        var line = new ArrayBufferWriter<byte>();
        int count;
        while ((count = await stream.ReadAsync(chunk, cancellationToken)) > 0)
        {
            for (var rest = chunk.AsMemory(0, count); !rest.IsEmpty;)
            {
                var end = rest.Span.IndexOf((byte)'\n');
                Append(line, end < 0 ? rest.Span : rest.Span[..end]);
                rest = end < 0 ? default : rest[(end + 1)..];
                if (end >= 0)
                {
                    Hand(line, take);
                }
            }
        }

        Hand(line, take);
    }

    /// <summary>Reads on to the end, so that the program never blocks on a full pipe.</summary>
    public static async Task DrainAsync(Stream stream, CancellationToken cancellationToken)
    {
        var chunk = new byte[ChunkBytes];
        while (await stream.ReadAsync(chunk, cancellationToken) > 0)
        {
        }
    }

    public static async Task<byte[]> ReadBytesAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes, cancellationToken);
        return bytes.ToArray();
    }

    private static void Append(ArrayBufferWriter<byte> line, ReadOnlySpan<byte> bytes) =>
        line.Write(bytes[..Math.Min(bytes.Length, LongestLineBytes - line.WrittenCount)]);

    private static void Hand(ArrayBufferWriter<byte> line, Action<string> take)
    {
        if (line.WrittenCount > 0)
        {
            take(Encoding.UTF8.GetString(line.WrittenSpan));
            line.ResetWrittenCount();
        }
    }
}
