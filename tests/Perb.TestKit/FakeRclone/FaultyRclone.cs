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

    /// <summary>Does nothing but to say something and to end with a code, until it is mended.</summary>
    public void Answers(string commands, int exitCode, string errors)
    {
        File.WriteAllText(Path.Combine(folder, "answer"), errors);
        File.WriteAllText(Path.Combine(folder, "code"), $"{exitCode}");
        Arm("answer", commands);
    }

    /// <summary>Does nothing and does not end by itself.</summary>
    public void Hangs(string commands) => Arm("hang", commands);

    /// <summary>Is killed before it does anything.</summary>
    public void Dies(string commands) => Arm("die", commands);

    /// <summary>Says that it did what was asked, and did nothing.</summary>
    public void Pretends(string commands) => Arm("pretend", commands);

    /// <summary>Leaves the first part of a file under its final name.</summary>
    public void Truncates(string commands) => Arm("partial", commands);

    /// <summary>Says what is no message of rclone's, control characters among it, and does what is asked.</summary>
    public void Babbles(string commands) => Arm("babble", commands);

    /// <summary>Every one of them does nothing before this file is there.</summary>
    public void Gathers(string commands, string until)
    {
        File.WriteAllText(Path.Combine(folder, "until"), until);
        Arm("gather", commands);
    }

    /// <summary>How many of those that were gathered ran at the same time, at most.</summary>
    public int MostAtOnce()
    {
        var (running, most) = (0, 0);
        foreach (var line in Commands())
        {
            running += line.Split(' ')[0] switch { "began" => 1, "ended" => -1, _ => 0 };
            most = Math.Max(most, running);
        }

        return most;
    }

    /// <summary>Does nothing before this file is there.</summary>
    public void Holds(string commands, string until)
    {
        File.WriteAllText(Path.Combine(folder, "until"), until);
        Arm("hold", commands);
    }

    public void Mend() => File.Delete(Path.Combine(folder, "fault"));

    public bool HasStruck => !File.Exists(Path.Combine(folder, "fault"));

    /// <summary>How often a file was sent to a remote.</summary>
    public int Copies(string name) => Commands()
        .Count(line => line.StartsWith("copyto ", StringComparison.Ordinal) && line.EndsWith("/" + name, StringComparison.Ordinal));

    /// <summary>Names of all that was sent to a remote, in that order.</summary>
    public IReadOnlyList<string> Sent() =>
        [.. Commands().Where(line => line.StartsWith("copyto ", StringComparison.Ordinal)).Select(line => line[(line.LastIndexOf('/') + 1)..])];

    /// <summary>What was sent to a remote before that which was held went on, and that itself.</summary>
    public IReadOnlyList<string> CopiesBeforeRelease() =>
    [
        .. Commands()
            .TakeWhile(line => !line.StartsWith("released ", StringComparison.Ordinal))
            .Where(line => line.StartsWith("copyto ", StringComparison.Ordinal))
            .Select(line => line[(line.LastIndexOf('/') + 1)..]),
    ];

    private IEnumerable<string> Commands()
    {
        var file = Path.Combine(folder, "commands");
        return File.Exists(file) ? File.ReadLines(file) : [];
    }

    private void Arm(string what, string commands) => File.WriteAllText(Path.Combine(folder, "fault"), $"{what} {commands}\n");
}
