using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Installation;

/// <summary>What a person gets to see when something is wrong: one line that names what, where and what to do; never a stack trace.</summary>
public static class OneLine
{
    /// <summary>The program's last word on stderr, and nothing on stdout.</summary>
    public static void In(Ended ended, params string[] words)
    {
        NoTrace(ended);
        Assert.Empty(ended.Output);
        var line = Assert.Single(Words(ended));
        Assert.All(words, word => Assert.Contains(word, line, StringComparison.Ordinal));
    }

    /// <summary>One such line per fault.</summary>
    public static void Each(Ended ended, params string[] words)
    {
        NoTrace(ended);
        Assert.True(Words(ended).Count == words.Length, ended.Errors);
        Assert.All(words, word => Assert.Contains(Words(ended), line => line.Contains(word, StringComparison.Ordinal)));
    }

    public static void NoTrace(Ended ended)
    {
        Assert.DoesNotContain("   at ", ended.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", ended.Errors, StringComparison.Ordinal);
    }

    private static List<string> Words(Ended ended) =>
        [.. ended.Errors.Split('\n').Where(line => line.StartsWith("perb: ", StringComparison.Ordinal))];
}
