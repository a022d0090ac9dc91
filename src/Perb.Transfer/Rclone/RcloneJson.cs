using System.Globalization;
using System.Text.Json.Serialization;
using Perb.Transfer.Hashing;

namespace Perb.Transfer.Rclone;

/// <summary>One line of rclone's log; lines with statistics carry the progress.</summary>
internal sealed record LogLine(string? Msg = null, string? Object = null, LogStats? Stats = null);

internal sealed record LogStats(long Bytes, long TotalBytes = 0, double Speed = 0, double? Eta = null)
{
    // A rate close to nothing makes a time that no TimeSpan holds.
    private const double LongestEtaSeconds = 1e9;

    public TransferProgress ToProgress() => new(
        Bytes, TotalBytes, Speed, Eta is >= 0 and < LongestEtaSeconds ? TimeSpan.FromSeconds(Eta.Value) : null);
}

/// <summary>One entry of <c>lsjson</c>.</summary>
internal sealed record ListedEntry(
    string Name, long Size, bool IsDir, string? ModTime = null, Dictionary<string, string>? Hashes = null)
{
    public RemoteFile ToFile() => new(Name, Size, ModifiedAt(), KnownHashes());

    private DateTimeOffset? ModifiedAt() => DateTimeOffset.TryParse(
        ModTime, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out var time)
        ? time
        : null;

    private Dictionary<HashKind, string> KnownHashes() => Enum.GetValues<HashKind>()
        .Where(kind => !string.IsNullOrEmpty(Hashes?.GetValueOrDefault(kind.RcloneName())))
        .ToDictionary(kind => kind, kind => Hashes![kind.RcloneName()]);
}

/// <summary>The part of <c>backend features</c> that Perb acts on.</summary>
internal sealed record FeaturesAnswer(IReadOnlyList<string>? Hashes, string? Root = null, FeatureFlags? Features = null)
{
    public RemoteFeatures ToFeatures() => new(
        Enum.GetValues<HashKind>().Where(kind => Hashes?.Contains(kind.RcloneName()) == true).ToHashSet(),
        Features is { IsLocal: true } && Path.IsPathRooted(Root) ? Root : null);
}

internal sealed record FeatureFlags(bool IsLocal = false);

[JsonSourceGenerationOptions(
    PropertyNameCaseInsensitive = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LogLine))]
[JsonSerializable(typeof(ListedEntry))]
[JsonSerializable(typeof(FeaturesAnswer))]
internal sealed partial class RcloneJson : JsonSerializerContext;
