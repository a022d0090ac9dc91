namespace Perb.Transfer.Hashing;

/// <summary>
/// The hashes of one file, lower-case hexadecimal: SHA-256 always, and the one other that its remote can report.
/// </summary>
public sealed record Digests(string Sha256, HashKind? OtherKind = null, string? Other = null)
{
    public static Digests Of(ReadOnlySpan<byte> content, HashKind? also)
    {
        using var pass = new DigestPass(also);
        pass.Append(content);
        return pass.Finish();
    }

    /// <summary>The hash of this kind, or null where it was not computed.</summary>
    public string? Get(HashKind kind) => kind == HashKind.Sha256 ? Sha256 : kind == OtherKind ? Other : null;
}
