using System.Text.Json.Serialization;

namespace Perb.ProxmoxClient.Wire;

/// <summary>
/// The shapes of the node's answers, without reflection. Unknown fields are ignored, absent ones are null or false.
/// </summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    RespectNullableAnnotations = true,
    Converters =
    [
        typeof(LenientInt64Converter), typeof(LenientInt32Converter), typeof(LenientBooleanConverter),
        typeof(LenientStringConverter), typeof(UnixTimeConverter), typeof(GuestTypeConverter), typeof(UpidConverter),
    ])]
[JsonSerializable(typeof(ProxmoxVersion))]
[JsonSerializable(typeof(Dictionary<string, Dictionary<string, bool>>), TypeInfoPropertyName = "Grants")]
[JsonSerializable(typeof(List<StorageRow>), TypeInfoPropertyName = "Storages")]
[JsonSerializable(typeof(List<NodeStorage>), TypeInfoPropertyName = "NodeStorages")]
[JsonSerializable(typeof(List<TaskRow>), TypeInfoPropertyName = "Tasks")]
[JsonSerializable(typeof(TaskStatusRow))]
[JsonSerializable(typeof(List<TaskLogRow>), TypeInfoPropertyName = "TaskLog")]
[JsonSerializable(typeof(List<BackupVolume>), TypeInfoPropertyName = "Backups")]
[JsonSerializable(typeof(BackupVolumeDetails))]
[JsonSerializable(typeof(List<PruneCandidate>), TypeInfoPropertyName = "PruneCandidates")]
[JsonSerializable(typeof(List<ClusterNode>), TypeInfoPropertyName = "ClusterNodes")]
[JsonSerializable(typeof(List<GuestRow>), TypeInfoPropertyName = "Guests")]
[JsonSerializable(typeof(List<UncoveredGuest>), TypeInfoPropertyName = "UncoveredGuests")]
[JsonSerializable(typeof(VzdumpDefaults))]
[JsonSerializable(typeof(List<BackupJob>), TypeInfoPropertyName = "BackupJobs")]
[JsonSerializable(typeof(NodeTime))]
internal sealed partial class ProxmoxJson : JsonSerializerContext;
