namespace Perb.Transfer.Decrypting;

/// <summary>
/// What another program writes into a pipe, in as large pieces as are asked for. Programs write a few KiB at a time; to hop between threads for
/// each of those would cost more than decrypting them. A read ends when the pipe does: whoever cancels it ends the program.
/// </summary>
internal sealed class PipeContent(Stream pipe) : ForwardStream
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Task.Run(
        () => pipe.ReadAtLeast(buffer.Span, buffer.Length, throwOnEndOfStream: false), cancellationToken));
}
