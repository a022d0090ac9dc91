namespace Perb.TestKit;

/// <summary>The installed rclone behind a script that makes one fault at an exact place, for remotes of type <c>local</c>.</summary>
/// <param name="folder">The one that holds rclone's configuration file.</param>
public sealed class FaultyRclone(string folder)
{
    public static string Program { get; } = Repository.PathOf("tests", "Perb.TestKit", "FakeRclone", "faulty-rclone");

    /// <summary>Kills the program that runs rclone, before rclone does anything.</summary>
    public void Kills(string commands) => Arm("kill", commands);

    /// <summary>Copies, says so, and damages what arrived.</summary>
    public void Corrupts(string commands) => Arm("corrupt", commands);

    /// <summary>Does what is asked, and then the remote loses the file.</summary>
    public void Loses(string commands) => Arm("lose", commands);

    /// <summary>The remote is not available, until it is mended.</summary>
    public void Refuses(string commands) => Arm("refuse", commands);

    /// <summary>Does nothing before this file is there.</summary>
    public void Holds(string commands, string until)
    {
        File.WriteAllText(Path.Combine(folder, "until"), until);
        Arm("hold", commands);
    }

    public void Mend() => File.Delete(Path.Combine(folder, "fault"));

    public bool HasStruck => !File.Exists(Path.Combine(folder, "fault"));

    /// <summary>How often a file was sent to a remote.</summary>
    public int Copies(string name) => File.ReadLines(Path.Combine(folder, "commands"))
        .Count(line => line.StartsWith("copyto ", StringComparison.Ordinal) && line.EndsWith("/" + name, StringComparison.Ordinal));

    /// <summary>What was sent to a remote before that which was held went on, and that itself.</summary>
    public IReadOnlyList<string> CopiesBeforeRelease() =>
    [
        .. File.ReadLines(Path.Combine(folder, "commands"))
            .TakeWhile(line => !line.StartsWith("released ", StringComparison.Ordinal))
            .Where(line => line.StartsWith("copyto ", StringComparison.Ordinal))
            .Select(line => line[(line.LastIndexOf('/') + 1)..]),
    ];

    private void Arm(string what, string commands) => File.WriteAllText(Path.Combine(folder, "fault"), $"{what} {commands}\n");
}
