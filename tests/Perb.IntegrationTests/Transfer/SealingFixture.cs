using Perb.Transfer.Hashing;
using Perb.Transfer.Keys;
using Perb.Transfer.Manifests;
using Perb.Transfer.Sealing;

namespace Perb.IntegrationTests.Transfer;

/// <summary>One key ring with one quick key, shared by the tests of a class.</summary>
public sealed class SharedKey : IDisposable
{
    private GpgHome? _gpg24;

    public SharedKey()
    {
        Fingerprint = Gpg.Generate("Shared <shared@perb.test>", "ed25519", "cert,sign");
        Gpg.Add(Fingerprint, "cv25519", "encr");
        Recipients = RecipientKeys.Load([Gpg.Export(Fingerprint)], TimeProvider.System.GetUtcNow(), new HashSet<string>());
    }

    public GpgHome Gpg { get; } = new();

    public string Fingerprint { get; }

    public IReadOnlyList<Recipient> Recipients { get; }

    /// <summary>The same key in the key ring of another gpg; skips the test where that gpg is not here.</summary>
    public GpgHome In(GpgVersion version)
    {
        if (version == GpgVersion.Installed)
        {
            return Gpg;
        }

        if (_gpg24 is null)
        {
            _gpg24 = new GpgHome(version);
            Gpg.Share(Fingerprint, _gpg24);
        }

        return _gpg24;
    }

    public void Dispose()
    {
        _gpg24?.Dispose();
        Gpg.Dispose();
    }
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

    /// <summary>Archive, log and notes are there, the same to the byte, and nothing else but the backup's own files.</summary>
    public void AssertRestored(string? folder = null)
    {
        folder ??= Restored;
        Assert.Equal(Content, File.ReadAllBytes(Path.Combine(folder, ArchiveName)));
        Assert.Equal(Log, File.ReadAllBytes(Path.Combine(folder, "vzdump-qemu-100-2026_11_20-02_00_01.log")));
        Assert.Equal(Notes, File.ReadAllBytes(Path.Combine(folder, ArchiveName + ".notes")));
        Assert.Equal(3, Directory.GetFiles(folder).Count(file => !Path.GetFileName(file).StartsWith(RemoteName + ".", StringComparison.Ordinal)));
    }

    public bool IsRestored(string folder)
    {
        try
        {
            AssertRestored(folder);
            return true;
        }
        catch (Exception exception) when (exception is Xunit.Sdk.XunitException or IOException)
        {
            return false;
        }
    }

    /// <summary>Another folder with copies of the backup's files: what somebody fetched from the remote.</summary>
    public string Fetch(string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_root.FullName, name)).FullName;
        foreach (var file in Directory.GetFiles(Staging, RemoteName + ".*"))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        return folder;
    }

    public void AssertNothingStaged() => Assert.Empty(Directory.GetFileSystemEntries(Staging));

    public void Dispose() => _root.Delete(recursive: true);
}
