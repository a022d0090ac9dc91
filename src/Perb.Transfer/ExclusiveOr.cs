using System.Numerics;
using System.Runtime.CompilerServices;

namespace Perb.Transfer;

/// <summary>Exclusive or over long spans, as wide as the processor has it.</summary>
internal static class ExclusiveOr
{
    /// <param name="one">Says how many bytes.</param>
    /// <param name="other">At least as long.</param>
    /// <param name="result">At least as long; may be the same memory as one of them.</param>
    // Not left to the runtime to find out: a command that restores is over before the runtime compiles a second time what it runs much.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Of(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other, Span<byte> result)
    {
        var at = 0;
        for (; at <= one.Length - Vector<byte>.Count; at += Vector<byte>.Count)
        {
            (new Vector<byte>(one[at..]) ^ new Vector<byte>(other[at..])).CopyTo(result[at..]);
        }

        for (; at < one.Length; at++)
        {
            result[at] = (byte)(one[at] ^ other[at]);
        }
    }
}
