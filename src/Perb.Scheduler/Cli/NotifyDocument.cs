using System.Text.Json.Serialization;

namespace Perb.Scheduler.Cli;

/// <summary>What became of a test message; a contract: fields may be added, never changed.</summary>
/// <param name="Result"><c>ok</c> or <c>fail</c>.</param>
internal sealed record NotifyDocument(string Name, string Kind, string Result, string Text)
{
    public const string Ok = "ok";
    public const string Fail = "fail";
}

[JsonSerializable(typeof(NotifyDocument[]))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
internal sealed partial class NotifyJson : JsonSerializerContext;
