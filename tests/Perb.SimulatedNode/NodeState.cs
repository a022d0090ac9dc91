using System.Text.Json;
using System.Text.Json.Serialization;
using Perb.Simulation.Access;
using Perb.Simulation.Guests;
using Perb.Simulation.Storage;

namespace Perb.Simulation;

/// <summary>What a restart keeps besides certificates and tasks: <c>state.json</c> in the node's directory.</summary>
internal sealed record NodeState
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
    };

    public AccessState Access { get; init; } = new();

    public IReadOnlyList<StorageDefinition> Storages { get; init; } = [];

    public IReadOnlyList<Guest> Guests { get; init; } = [];

    public IReadOnlyList<BackupJob> Jobs { get; init; } = [];

    public static NodeState Load(string file) =>
        File.Exists(file) ? JsonSerializer.Deserialize<NodeState>(File.ReadAllText(file), Json)! : new NodeState();

    public void Save(string file) => AtomicFile.Write(file, JsonSerializer.Serialize(this, Json));
}
