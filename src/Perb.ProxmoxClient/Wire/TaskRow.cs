using System.Text.Json.Serialization;

namespace Perb.ProxmoxClient.Wire;

/// <summary>
/// A task as the list has it. The archive splits user and token id and has an end; the active list does not split them
/// and says <c>RUNNING</c>.
/// </summary>
internal sealed record TaskRow
{
    [JsonPropertyName("upid")]
    public required Upid Upid { get; init; }

    [JsonPropertyName("starttime")]
    public required DateTimeOffset StartedAt { get; init; }

    [JsonPropertyName("endtime")]
    public DateTimeOffset? EndedAt { get; init; }

    [JsonPropertyName("status")]
    public string? Status { get; init; }

    [JsonPropertyName("user")]
    public required string User { get; init; }

    [JsonPropertyName("tokenid")]
    public string? TokenId { get; init; }

    public ProxmoxTask ToTask()
    {
        var running = Status == "RUNNING" || (Status is null && EndedAt is null);
        var user = User.Split('!', 2);
        return new ProxmoxTask(
            Upid,
            StartedAt,
            EndedAt,
            running ? null : TaskExitStatus.Parse(Status),
            user[0],
            TokenId ?? user.ElementAtOrDefault(1));
    }
}

/// <summary>The answer of <c>tasks/{upid}/status</c>.</summary>
internal sealed record TaskStatusRow
{
    [JsonPropertyName("upid")]
    public required Upid Upid { get; init; }

    /// <summary><c>running</c> or <c>stopped</c>.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    [JsonPropertyName("exitstatus")]
    public string? ExitStatus { get; init; }

    public ProxmoxTaskStatus ToStatus() => new(Upid, Status == "running" ? null : TaskExitStatus.Parse(ExitStatus));
}

internal sealed record TaskLogRow
{
    [JsonPropertyName("n")]
    public required int Number { get; init; }

    /// <summary>Null for an empty line on some versions.</summary>
    [JsonPropertyName("t")]
    public string? Text { get; init; }

    public TaskLogLine ToLine() => new(Number, Text ?? "");
}
