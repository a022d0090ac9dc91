using Perb.Transfer.Manifests;
using Perb.Transfer.Signing;

namespace Perb.Scheduler.Remotes;

/// <summary>A manifest as it was read from a remote.</summary>
/// <param name="Manifest">What it says.</param>
/// <param name="SizeBytes">Of its very bytes.</param>
/// <param name="Sha256">Of its very bytes; two manifests of one name are told apart by it.</param>
/// <param name="Verdict">Who signed it; null where nobody's signature is asked for.</param>
public sealed record ReadManifest(Manifest Manifest, long SizeBytes, string Sha256, SignatureVerdict? Verdict)
{
    /// <summary>Nobody is asked for, or a trusted signer made it.</summary>
    public bool IsTrusted => Verdict is null or { Signer: not null };
}

/// <summary>A backup as it lies on a remote: its files, and its manifest where there is one that can be read.</summary>
/// <param name="Set">Its files.</param>
/// <param name="Read">Null: there is none, or <paramref name="Fault"/> says what is wrong with it.</param>
/// <param name="Fault">Why the manifest cannot be used; follows its name.</param>
public sealed record RemoteBackup(RemoteSet Set, ReadManifest? Read, string? Fault)
{
    public string RemoteName => Set.RemoteName;

    /// <summary>Volumes that the manifest lists and that are not there, or not of that size; one short text each, with the volume's number.</summary>
    public IReadOnlyList<(int Number, string Text)> VolumeFaults => Read is null ? [] :
    [
        .. Read.Manifest.Volumes
            .Select((volume, index) => (index + 1, Text: FaultOf(volume)))
            .Where(fault => fault.Text is not null)
            .Select(fault => (fault.Item1, fault.Text!)),
    ];

    /// <summary>One line on what is wrong with it as far as a listing shows; null where nothing is.</summary>
    public string? FaultInWords => this switch
    {
        { Fault: { } fault } => $"{Set.ManifestName} {fault}",
        { Read: null, Set.OldFile: { } file } => $"no manifest: {file} is of PERB, or of an upload that did not end",
        { Read: null } => "no manifest: an upload that has not ended, or was given up",
        _ when VolumeFaults is { Count: > 0 } faults => $"{faults[0].Text}{(faults.Count > 1 ? $", and {faults.Count - 1} more" : "")}",
        { Read: { IsTrusted: false, Verdict: { } verdict } } => $"{Set.ManifestName} {verdict.WhyNot}",
        _ => null,
    };

    private string? FaultOf(ManifestVolume volume) =>
        !Set.Sizes.TryGetValue(volume.Name, out var size) ? $"{volume.Name} is missing"
        : size != volume.SizeBytes && size >= 0 ? $"{volume.Name} has {size} bytes where its manifest says {volume.SizeBytes}"
        : null;
}
