using System.Text.Json.Serialization;

namespace Perb.Scheduler.Retention;

/// <summary>A decision as <c>prune --json</c> shows it. A contract: fields may be added, never changed.</summary>
internal sealed record PruneDocument(string Remote, int Guest, string RemoteName, string Action, IReadOnlyList<string> Reasons)
{
    public const string Keep = "keep";
    public const string Remove = "remove";

    public static IEnumerable<PruneDocument> Of(string remote, IEnumerable<PruneDecision> decisions) => decisions.Select(decision => new PruneDocument(
        remote, decision.Copy.Guest, decision.Copy.RemoteName, decision.IsRemoved ? Remove : Keep, decision.Reasons));
}

[JsonSerializable(typeof(IReadOnlyList<PruneDocument>))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
internal sealed partial class PruneJson : JsonSerializerContext;
