using System.Text.RegularExpressions;
using Perb.TestKit;

namespace Perb.Tests.Docs;

/// <summary>Pages that repeat what stands elsewhere say the same.</summary>
public sealed partial class DocsTests
{
    /// <summary>Set to 1, the page is written instead of compared.</summary>
    private const string WriteVariable = "PERB_WRITE_DOCS";

    [Fact]
    public async Task The_configuration_page_says_what_the_sample_says()
    {
        var file = Repository.PathOf("docs", "CONFIGURATION.md");
        var page = ConfigurationPage.Of(await File.ReadAllLinesAsync(Repository.PathOf("appsettings.json"), TestContext.Current.CancellationToken));
        if (Environment.GetEnvironmentVariable(WriteVariable) == "1")
        {
            await File.WriteAllTextAsync(file, page, TestContext.Current.CancellationToken);
        }

        Assert.True(page == await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), $"{file} is not what the sample makes: {WriteVariable}=1 ./test writes it");
    }

    [Fact]
    public void Links_between_the_pages_lead_somewhere()
    {
        var pages = Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Repository.PathOf(), "*.md"))
            .ToList();

        var broken = pages.SelectMany(page => Link().Matches(File.ReadAllText(page))
            .Select(link => link.Groups["target"].Value)
            .Where(target => !target.StartsWith("http", StringComparison.Ordinal) && !Leads(page, target))
            .Select(target => $"{Path.GetFileName(page)}: {target}"));

        Assert.NotEmpty(pages);
        Assert.Empty(broken);
    }

    private static bool Leads(string page, string target)
    {
        var (file, anchor) = target.Split('#', 2) is [var before, var after] ? (before, after) : (target, null);
        var path = file.Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, file));
        return Path.Exists(path) && (anchor is null || Anchors(path).Contains(anchor));
    }

    // As GitHub makes them: lower case, blanks become hyphens, everything but letters, digits, hyphens and underscores goes.
    private static HashSet<string> Anchors(string path) => [.. File.ReadLines(path)
        .Where(line => line.StartsWith('#'))
        .Select(line => NotInAnchor().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture)]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NotInAnchor();
}
