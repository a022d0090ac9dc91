using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Remotes;

/// <summary>
/// One object that a remote refuses must not block everything behind it: it is noted, and the run goes on with the next backup. Where several
/// are refused it is the remote itself, and the run ends.
/// </summary>
internal sealed class RemoteFaults
{
    private const int Most = 3;

    private readonly List<string> _texts = [];

    /// <summary>One line, or null where nothing was refused.</summary>
    public string? InWords => _texts switch
    {
        [] => null,
        [var one] => one,
        [var first, ..] => $"{first}, and {_texts.Count - 1} more like it",
    };

    /// <summary>Whether the run may go on behind it; false where the remote is away, or wrongly configured, or has refused enough.</summary>
    public bool MayPass(RcloneException exception) =>
        !exception.IsTransient && exception.Kind != RcloneFailure.Configuration && _texts.Count < Most - 1;

    public void Add(string text) => _texts.Add(text);
}
