using Perb.Transfer.Hashing;
using Perb.Transfer.Keys;
using Perb.Transfer.Manifests;
using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Transfer;

/// <summary>One key ring with one quick key, shared by the tests of a class.</summary>
public sealed class SharedKey : IDisposable
{
    public SharedKey()
    {
        Fingerprint = Gpg.Generate("Shared <shared@perb.test>", "ed25519", "cert,sign");
        Gpg.Add(Fingerprint, "cv25519", "encr");
        Recipients = RecipientKeys.Load([Gpg.Export(Fingerprint)], TimeProvider.System.GetUtcNow(), new HashSet<string>());
    }

    public GpgHome Gpg { get; } = new();

    public string Fingerprint { get; }

    public IReadOnlyList<Recipient> Recipients { get; }

    public void Dispose() => Gpg.Dispose();
}

/// <summary>A dump directory with one archive, a staging directory, and a directory to restore to.</summary>
public sealed class Workplace : IDisposable
{
    public const string ArchiveName = "vzdump-qemu-100-2026_11_20-02_00_01.vma.zst";
    public const string RemoteName = "100-2026_11_20-02_00_01";
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("perb-seal-");

    public Workplace(int archiveBytes)
    {
        Content = new byte[archiveBytes];
        new Random(archiveBytes).NextBytes(Content);
        foreach (var folder in new[] { Path.GetDirectoryName(Archive)!, Staging, Restored })
        {
            Directory.CreateDirectory(folder);
        }

        File.WriteAllBytes(Archive, Content);
    }

    public byte[] Content { get; }

    public string Archive => Path.Combine(_root.FullName, "dump", ArchiveName);

    public string Staging => Path.Combine(_root.FullName, "staging");

    public string Restored => Path.Combine(_root.FullName, "restored");

    public static readonly byte[] Log = "INFO: starting new backup job\n"u8.ToArray();

    public static readonly byte[] Notes = "web, before the upgrade"u8.ToArray();

    public SealingPlan Plan(
        IReadOnlyList<Recipient> recipients, long volumeBytes, PacketKind packet = PacketKind.Mdc, bool hideRecipients = false)
    {
        using var source = SourceArchive.Open(Archive);
        return new SealingPlan
        {
            RemoteName = RemoteName,
            ArchiveName = ArchiveName,
            ArchiveBytes = source.SizeBytes,
            ArchiveModifiedAt = source.ModifiedAt,
            Tar = TarStream.For(
                ArchiveName,
                source.SizeBytes,
                source.ModifiedAt,
                new TarCompanion("vzdump-qemu-100-2026_11_20-02_00_01.log", Log, source.ModifiedAt),
                new TarCompanion(ArchiveName + ".notes", Notes, source.ModifiedAt)),
            VolumeBytes = volumeBytes,
            Packet = packet,
            HideRecipients = hideRecipients,
            RecipientFingerprints = [.. recipients.Select(recipient => recipient.SubkeyFingerprint)],
        };
    }

    /// <summary>Seals all volumes and writes the manifest beside them.</summary>
    public async Task<List<SealedVolume>> SealAsync(SealingPlan plan, IReadOnlyList<Recipient> recipients, HashKind? alsoHash = null)
    {
        using var source = SourceArchive.Open(Archive);
        var sealer = new VolumeSealer();
        var volumes = new List<SealedVolume>();

        // Last first: every volume stands for itself.
        for (var number = plan.VolumeCount; number >= 1; number--)
        {
            volumes.Insert(0, await sealer.SealAsync(
                plan, number, source, recipients, Staging, alsoHash, null, TestContext.Current.CancellationToken));
        }

        var manifest = new Manifest
        {
            RemoteName = plan.RemoteName,
            ArchiveBytes = plan.ArchiveBytes,
            ArchiveModifiedAt = plan.ArchiveModifiedAt,
            VolumeBytes = plan.VolumeBytes,
            Volumes = [.. volumes.Select(volume => new ManifestVolume(volume.Name, volume.SizeBytes, volume.Digests))],
        };
        await File.WriteAllTextAsync(Path.Combine(Staging, manifest.FileName), manifest.Format());
        return volumes;
    }

    public void AssertRestored()
    {
        Assert.Equal(Content, File.ReadAllBytes(Path.Combine(Restored, ArchiveName)));
        Assert.Equal(Log, File.ReadAllBytes(Path.Combine(Restored, "vzdump-qemu-100-2026_11_20-02_00_01.log")));
        Assert.Equal(Notes, File.ReadAllBytes(Path.Combine(Restored, ArchiveName + ".notes")));
        Assert.Equal(3, Directory.GetFiles(Restored).Length);
    }

    public void AssertNothingStaged() => Assert.Empty(Directory.GetFileSystemEntries(Staging));

    public void Dispose() => _root.Delete(recursive: true);
}
