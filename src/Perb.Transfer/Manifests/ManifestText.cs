using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Perb.Transfer.Hashing;
using Perb.Transfer.Sealing;

namespace Perb.Transfer.Manifests;

/// <summary>
/// The text form of a <see cref="Manifest"/>. Reading is strict: it accepts exactly what writing yields, so that what a person
/// checks with cksum and what Perb reads can never be two things.
/// </summary>
internal static partial class ManifestText
{
    private const int MaxLength = 64 << 20;
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private const string FirstLine = "# Perb manifest, format ";

    public static string Format(Manifest manifest)
    {
        var text = new StringBuilder();
        text.Append(FirstLine).Append(Manifest.FormatVersion).Append('\n');
        text.Append($"# archive-size {manifest.ArchiveBytes}\n");
        text.Append($"# archive-mtime {manifest.ArchiveModifiedAt.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}\n");
        text.Append($"# volume-size {manifest.VolumeBytes}\n");
        text.Append($"# volumes {manifest.Volumes.Count}\n");
        foreach (var volume in manifest.Volumes)
        {
            text.Append($"# size ({volume.Name}) = {volume.SizeBytes}\n");
            text.Append($"SHA256 ({volume.Name}) = {volume.Digests.Sha256}\n");
            if (volume.Digests.OtherKind is { } kind)
            {
                text.Append($"{Label(kind)} ({volume.Name}) = {volume.Digests.Other}\n");
            }
        }

        return text.ToString();
    }

    public static Manifest Parse(string text)
    {
        if (text.Length > MaxLength)
        {
            throw new ManifestException($"it has {text.Length} characters, more than any manifest");
        }

        var lines = new Lines(text);
        var version = lines.Next(FirstLine);
        if (version != Manifest.FormatVersion.ToString())
        {
            throw lines.Fault(version.Length is > 0 and < 10 && version.All(char.IsAsciiDigit)
                ? $"it has format {version}; this version of Perb knows format {Manifest.FormatVersion}, a newer one is needed"
                : "it does not say which format it has");
        }

        var archiveBytes = lines.NextNumber("# archive-size ", long.MaxValue);
        var modifiedAt = lines.NextTime("# archive-mtime ");
        var volumeBytes = lines.NextNumber("# volume-size ", long.MaxValue);
        var count = (int)lines.NextNumber("# volumes ", VolumeNames.MaxCount);
        if (volumeBytes == 0 || count == 0)
        {
            throw lines.Fault("its volumes are empty or none");
        }

        var volumes = new List<ManifestVolume>();
        while (volumes.Count < count)
        {
            volumes.Add(NextVolume(lines));
        }

        lines.RequireEnd();
        return new Manifest
        {
            RemoteName = CommonStem(volumes),
            ArchiveBytes = archiveBytes,
            ArchiveModifiedAt = modifiedAt,
            VolumeBytes = volumeBytes,
            Volumes = volumes,
        };
    }

    private static ManifestVolume NextVolume(Lines lines)
    {
        var size = lines.NextEntry("# size");
        if (!Lines.TryNumber(size.Value, long.MaxValue, out var sizeBytes))
        {
            throw lines.Fault("a size is not a number");
        }

        var sha256 = lines.NextEntry(Label(HashKind.Sha256));
        var name = size.Name;
        Require(sha256.Name == name && Hex256().IsMatch(sha256.Value));

        foreach (var kind in Enum.GetValues<HashKind>().Where(kind => kind != HashKind.Sha256))
        {
            if (lines.IsNext(Label(kind) + " ("))
            {
                var other = lines.NextEntry(Label(kind));
                Require(other.Name == name && other.Value.Length == HexLength(kind) && Hex().IsMatch(other.Value));
                return new ManifestVolume(name, sizeBytes, new Digests(sha256.Value, kind, other.Value));
            }
        }

        return new ManifestVolume(name, sizeBytes, new Digests(sha256.Value));

        void Require(bool isRight)
        {
            if (!isRight)
            {
                throw lines.Fault("a hash is malformed or names another volume");
            }
        }
    }

    private static string CommonStem(List<ManifestVolume> volumes)
    {
        var suffix = VolumeNames.Of("", 1, volumes.Count);
        var first = volumes[0].Name;
        var stem = first.EndsWith(suffix, StringComparison.Ordinal) ? first[..^suffix.Length] : "";
        return VolumeNames.IsRemoteName(stem)
            && volumes.Select((volume, index) => volume.Name == VolumeNames.Of(stem, index + 1, volumes.Count)).All(isRight => isRight)
            ? stem
            : throw new ManifestException("its volumes' names do not belong together");
    }

    // cksum knows the first three; the others are comments to it, and facts for Perb on remotes that report only those.
    private static string Label(HashKind kind) => kind switch
    {
        HashKind.Sha256 => "SHA256",
        HashKind.Sha1 => "SHA1",
        HashKind.Md5 => "MD5",
        _ => "# " + kind.RcloneName(),
    };

    private static int HexLength(HashKind kind) => kind switch
    {
        HashKind.Md5 => 32,
        HashKind.Sha1 or HashKind.QuickXor => 40,
        _ => 64,
    };

    [GeneratedRegex("^[0-9a-f]{64}\\z")]
    private static partial Regex Hex256();

    [GeneratedRegex("^[0-9a-f]+\\z")]
    private static partial Regex Hex();
}
