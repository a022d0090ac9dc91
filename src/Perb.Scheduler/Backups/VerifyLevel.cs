namespace Perb.Scheduler.Backups;

/// <summary>How it was proven that bytes arrived, weakest first: a backup is proven as well as its weakest volume.</summary>
public enum VerifyLevel
{
    /// <summary>The remote reports the right size; only good for bytes that this installation sent itself.</summary>
    Size,

    /// <summary>The remote reports the right hash.</summary>
    Hash,

    /// <summary>What the remote gives back has the right hash.</summary>
    Download,
}

/// <summary>The words of configuration, store and output.</summary>
public static class VerifyLevels
{
    public static string Word(this VerifyLevel level) => level switch
    {
        VerifyLevel.Size => "size",
        VerifyLevel.Hash => "hash",
        VerifyLevel.Download => "download",
        _ => throw new ArgumentOutOfRangeException(nameof(level), level, null),
    };

    /// <exception cref="InvalidOperationException">A word that this version does not know.</exception>
    public static VerifyLevel FromWord(string word)
    {
        foreach (var level in Enum.GetValues<VerifyLevel>())
        {
            if (level.Word() == word)
            {
                return level;
            }
        }

        throw new InvalidOperationException($"the store holds the proof '{word}', which this version does not know");
    }
}
