namespace Perb.Scheduler.Doctor;

/// <summary>How a check ended.</summary>
public enum Verdict
{
    Ok,

    /// <summary>It works, but not as well as meant, or not for long.</summary>
    Warn,

    /// <summary>Backups do not get away, or not provably, until this is mended.</summary>
    Fail,
}

/// <summary>One line of <c>perb doctor</c>.</summary>
/// <param name="Check">What was looked at: <c>node</c>, <c>remote gdrive</c>.</param>
/// <param name="Result">How it is.</param>
/// <param name="Text">One line.</param>
/// <param name="Fix">The command or key that mends it; null where nothing is to be mended.</param>
public sealed record Finding(string Check, Verdict Result, string Text, string? Fix)
{
    public static Finding Ok(string check, string text) => new(check, Verdict.Ok, text, null);

    public static Finding Warn(string check, string text, string fix) => new(check, Verdict.Warn, text, fix);

    public static Finding Fail(string check, string text, string fix) => new(check, Verdict.Fail, text, fix);
}
