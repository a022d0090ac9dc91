namespace Perb.Scheduler.Backups;

/// <summary>What a person decided about a backup: it goes before every rule of discovery, until a person decides otherwise.</summary>
public enum ByHand
{
    /// <summary>To be shipped, however old, excluded or far from every storage its archive is.</summary>
    Ship,

    /// <summary>Not to be shipped.</summary>
    Skip,
}

/// <summary>The words of the store.</summary>
public static class ByHandWords
{
    public static string Word(this ByHand choice) => choice switch
    {
        ByHand.Ship => "ship",
        ByHand.Skip => "skip",
        _ => throw new ArgumentOutOfRangeException(nameof(choice), choice, null),
    };

    /// <exception cref="InvalidOperationException">A word that this version does not know.</exception>
    public static ByHand FromWord(string word) => word switch
    {
        "ship" => ByHand.Ship,
        "skip" => ByHand.Skip,
        _ => throw new InvalidOperationException($"the store holds the choice '{word}', which this version does not know"),
    };
}
