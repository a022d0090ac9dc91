namespace Perb.Scheduler.Pipeline;

/// <summary>The words for how something was proven, from weakest to strongest. A backup is proven as well as its weakest volume.</summary>
public static class VerifyLevels
{
    private static readonly string[] WeakestFirst = ["size", "hash", "download"];

    public static string Weaker(string one, string other) =>
        Array.IndexOf(WeakestFirst, one) <= Array.IndexOf(WeakestFirst, other) ? one : other;
}
