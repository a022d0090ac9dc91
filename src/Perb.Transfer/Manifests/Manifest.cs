using Perb.Transfer.Hashing;

namespace Perb.Transfer.Manifests;

/// <summary>One volume in a manifest: its file on the remote and what its bytes must be.</summary>
public sealed record ManifestVolume(string Name, long SizeBytes, Digests Digests);

/// <summary>
/// The <c>.sums</c> file of a backup: it names the volumes, and its being there means that they are complete. It holds nothing
/// that the provider does not know already.
/// </summary>
public sealed record Manifest
{
    public const int FormatVersion = 1;

    public const string FileSuffix = ".sums";

    /// <summary>Of its detached signature, after <see cref="FileSuffix"/>.</summary>
    public const string SignatureSuffix = ".sig";

    /// <summary>The common stem of the volumes' names.</summary>
    public required string RemoteName { get; init; }

    public required long ArchiveBytes { get; init; }

    /// <summary>Whole seconds, UTC.</summary>
    public required DateTimeOffset ArchiveModifiedAt { get; init; }

    /// <summary>Plaintext bytes per volume.</summary>
    public required long VolumeBytes { get; init; }

    /// <summary>All volumes, in order.</summary>
    public required IReadOnlyList<ManifestVolume> Volumes { get; init; }

    public string FileName => RemoteName + FileSuffix;

    /// <summary>The text, for <c>cksum -c</c> and <c>sha256sum -c</c> too. The signature is over these very bytes (UTF-8).</summary>
    public string Format() => ManifestText.Format(this);

    /// <exception cref="ManifestException">Not a manifest of a known format, or one that contradicts itself.</exception>
    public static Manifest Parse(string text) => ManifestText.Parse(text);
}
