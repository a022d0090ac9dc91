using System.Text.Json.Serialization;

namespace Perb.Scheduler.Pipeline;

/// <summary><c>perb.json</c> at the root of a remote path: whose backups these are.</summary>
internal sealed record PathOwner(int Format, string Installation);

[JsonSerializable(typeof(PathOwner))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class OwnerJson : JsonSerializerContext;
