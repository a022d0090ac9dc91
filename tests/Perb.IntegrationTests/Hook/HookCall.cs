using System.Text.Json;
using Perb.TestKit;

namespace Perb.IntegrationTests.Hook;

/// <summary>One call of the hook in a vzdump task: arguments, and of the environment what is about the backup.</summary>
internal sealed record HookCall(string[] Arguments, IReadOnlyDictionary<string, string> Environment)
{
    public string Phase => Arguments[0];

    /// <summary>By scenario, as vzdump's own code called a hook that was run from its source.</summary>
    public static IReadOnlyList<(string Name, IReadOnlyList<HookCall> Calls)> Samples()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("tests", "Perb.TestKit", "Samples", "hook-calls.json")));
        return [.. document.RootElement.GetProperty("scenarios").EnumerateArray().Select(scenario => (
            scenario.GetProperty("name").GetString()!,
            (IReadOnlyList<HookCall>)[.. scenario.GetProperty("calls").EnumerateArray()
                .Select(call => new HookCall(Strings(call.GetProperty("argv")), Variables(call)))]))];
    }

    /// <summary>By scenario, as recorded on a node; none where the recordings are not here.</summary>
    public static IReadOnlyList<(string Name, IReadOnlyList<HookCall> Calls)> Recorded() => Recording.Folder is null
        ? []
        : [.. Directory.EnumerateFiles(Recording.Folder, "hook-*.json").Order(StringComparer.Ordinal).Select(ReadRecorded)];

    private static (string Name, IReadOnlyList<HookCall> Calls) ReadRecorded(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(file));
        return (
            Path.GetFileNameWithoutExtension(file),
            [.. document.RootElement.GetProperty("hook_calls").EnumerateArray()
                .Select(call => new HookCall(Strings(call.GetProperty("argv")), Variables(call.GetProperty("env"))))]);
    }

    private static string[] Strings(JsonElement array) => [.. array.EnumerateArray().Select(element => element.GetString()!)];

    private static Dictionary<string, string> Variables(JsonElement from) => from.EnumerateObject()
        .Where(property => property.Value.ValueKind == JsonValueKind.String)
        .ToDictionary(property => property.Name, property => property.Value.GetString()!);
}
