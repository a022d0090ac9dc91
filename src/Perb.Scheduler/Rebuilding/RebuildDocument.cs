using System.Text.Json.Serialization;

namespace Perb.Scheduler.Rebuilding;

/// <summary>What a rebuild found on a remote.</summary>
/// <param name="Added">Backups that the store did not know.</param>
/// <param name="Known">Backups that it knew, and that are as it knew them.</param>
/// <param name="Differences">One line for each that is not, or that cannot be used.</param>
/// <param name="ForeignFiles">Files that are none of Perb's.</param>
/// <param name="Fault">Null, or why the remote could not be read.</param>
internal sealed record RebuildDocument(
    string Remote, int Added, int Known, IReadOnlyList<string> Differences, int ForeignFiles, string? Fault);

[JsonSerializable(typeof(IReadOnlyList<RebuildDocument>))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
internal sealed partial class RebuildJson : JsonSerializerContext;
