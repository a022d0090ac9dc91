using System.Diagnostics;
using System.Security.Cryptography;
using Perb.Transfer.Sealing;

namespace Perb.Transfer.Decrypting;

/// <summary>
/// Asks gpg for the session key of a message; agent, passphrase prompt and smart card are as always. gpg gets the session key packets alone and,
/// behind them, an encrypted packet with nothing in it: without one it does not begin. It tells the key to programs and, again, to people: what
/// it said stays in two blocks of memory that are wiped.
/// </summary>
internal static class GpgSessionKey
{
    // A hundred recipients and as many hidden ones that are tried take less.
    private const int SaidBytesAtMost = 64 << 10;

    /// <summary>Its content is empty, and its MDC is wrong: gpg ends as with any damaged message, after it has told the key.</summary>
    private static readonly byte[] EmptyPacket = PacketFraming.Packet(
        MdcPacket.PacketTag, [MdcPacket.Version, .. new byte[MdcPacket.PrefixBytes + MdcPacket.MdcHead.Length + SHA1.HashSizeInBytes]]);

    /// <param name="name">The message's, for words.</param>
    /// <param name="sessionKeyPackets">What it begins with.</param>
    /// <param name="cancellationToken">Ends gpg.</param>
    /// <returns>The key, which the caller has to wipe; null: gpg tells none, or one of another cipher.</returns>
    /// <exception cref="DecryptionException">There is no private key for it, or no passphrase.</exception>
    /// <exception cref="OperationCanceledException">Somebody pressed Ctrl-C: the terminal sends it to gpg, too.</exception>
    public static async Task<byte[]?> AskAsync(string name, ReadOnlyMemory<byte> sessionKeyPackets, CancellationToken cancellationToken)
    {
        var (status, words) = (new byte[SaidBytesAtMost], new byte[SaidBytesAtMost]);
        using var gpg = GpgProgram.Decrypt(["--status-fd", "1", "--show-session-key", "--output", "/dev/null"], file: null);
        try
        {
            await using var ending = cancellationToken.Register(() => End(gpg));
            var statusBytes = ReadAsync(gpg.StandardOutput.BaseStream, status);
            var wordsBytes = ReadAsync(gpg.StandardError.BaseStream, words);
            await FeedAsync(gpg, sessionKeyPackets);
            await Task.WhenAll(statusBytes, wordsBytes);
            await gpg.WaitForExitAsync(CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
            GpgProgram.ThrowIfInterrupted(gpg);
            var said = new GpgKeyStatus(status.AsMemory(0, await statusBytes), words.AsMemory(0, await wordsBytes));
            return said.Key is null && said.Status.FaultOf(name, gpg.ExitCode) is { KeyIsMissing: true } fault ? throw fault : said.Key;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(status);
            CryptographicOperations.ZeroMemory(words);
            End(gpg);
        }
    }

    private static async Task FeedAsync(Process gpg, ReadOnlyMemory<byte> sessionKeyPackets)
    {
        try
        {
            await using var pipe = gpg.StandardInput.BaseStream;
            await pipe.WriteAsync(sessionKeyPackets);
            await pipe.WriteAsync(EmptyPacket);
        }
        catch (IOException)
        {
            // gpg ended before it had read it: what it said tells why.
        }
    }

    /// <summary>Beyond what there is room for it is read and dropped, so that gpg never waits.</summary>
    private static async Task<int> ReadAsync(Stream stream, byte[] said)
    {
        var count = await stream.ReadAtLeastAsync(said, said.Length, throwOnEndOfStream: false);
        var scrap = new byte[4096];
        while (await stream.ReadAsync(scrap) > 0)
        {
            CryptographicOperations.ZeroMemory(scrap);
        }

        return count;
    }

    private static void End(Process gpg)
    {
        if (!gpg.HasExited)
        {
            gpg.Kill();
        }
    }
}
