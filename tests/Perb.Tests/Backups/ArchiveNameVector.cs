using System.Text.Json;
using Perb.TestKit;

namespace Perb.Tests.Backups;

/// <summary>What Proxmox's own <c>archive_info</c> said of a file name, run from source.</summary>
internal sealed record ArchiveNameVector(
    string Name, string TimeZone, bool IsStandard, int VmId, string? GuestType, string? LogName, string? NotesName, DateTimeOffset Time)
{
    public static IReadOnlyList<ArchiveNameVector> All()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("tests", "Perb.TestKit", "Samples", "archive-names.json")));
        return [.. document.RootElement.GetProperty("names").EnumerateArray().Select(Read)];
    }

    private static ArchiveNameVector Read(JsonElement vector)
    {
        var name = vector.GetProperty("name").GetString()!;
        var timeZone = vector.GetProperty("tz").GetString()!;
        return vector.TryGetProperty("archive_info", out var info) && IsStandardIn(info)
            ? new ArchiveNameVector(
                name,
                timeZone,
                true,
                info.GetProperty("vmid").GetInt32(),
                info.GetProperty("type").GetString(),
                info.GetProperty("logfilename").GetString(),
                info.GetProperty("notesfilename").GetString(),
                DateTimeOffset.FromUnixTimeSeconds(info.GetProperty("ctime").GetInt64()))
            : new ArchiveNameVector(name, timeZone, false, 0, null, null, null, default);
    }

    private static bool IsStandardIn(JsonElement info) => info.GetProperty("is_std_name").ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.Number => info.GetProperty("is_std_name").GetInt32() != 0,
        _ => false,
    };
}
