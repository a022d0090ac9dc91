using System.Text.Json.Serialization;

namespace Perb.Scheduler.Verifying;

/// <summary>What a check found of one backup, as <c>verify --json</c> shows it. Fields may be added, never changed.</summary>
/// <param name="Result"><c>ok</c>, <c>damaged</c>, <c>lost</c>, <c>failed</c> or <c>unchecked</c>.</param>
/// <param name="Checked">How many volumes were proven now; the others only by presence and size.</param>
internal sealed record VerifyDocument(
    string Remote, int Guest, string RemoteName, string Result, int Checked, DateTimeOffset? VerifiedAt, string? VerifiedHow, string? Text);

[JsonSerializable(typeof(IReadOnlyList<VerifyDocument>))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
internal sealed partial class VerifyJson : JsonSerializerContext;
