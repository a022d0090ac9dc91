using System.Text.Json.Serialization;

namespace Perb.Scheduler.Restore;

/// <summary>How far an archive was written when a volume had been decrypted whole; what an interrupted restore goes on from.</summary>
/// <param name="Manifest">SHA-256 of the manifest: of another one nothing may be taken.</param>
/// <param name="Volumes">So many volumes were right.</param>
/// <param name="Archive">The archive's name.</param>
/// <param name="SizeBytes">Of the whole archive.</param>
/// <param name="ModifiedAt">Its time.</param>
/// <param name="WrittenBytes">What the volumes held of it; it is on the disk.</param>
internal sealed record Checkpoint(string Manifest, int Volumes, string Archive, long SizeBytes, DateTimeOffset ModifiedAt, long WrittenBytes);

/// <summary>A file that is about to get its name; the inode tells it from one that somebody else put there.</summary>
internal sealed record PlacingFile(string Name, ulong Inode, long SizeBytes);

[JsonSerializable(typeof(Checkpoint))]
[JsonSerializable(typeof(IReadOnlyList<PlacingFile>))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
