using System.Text.RegularExpressions;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.TestKit;

namespace Perb.IntegrationTests.Packaging;

/// <summary>The manual page and bash's completion know what the program knows: its own help is asked.</summary>
public sealed partial class ManualTests
{
    private static readonly string[] OtherNames = ["-?", "-h"];

    [Fact]
    public async Task Completion_offers_every_command_and_option_and_nothing_else()
    {
        var help = await HelpAsync();

        Assert.Equal([.. Commands(help), .. Options(help)], await CompleteAsync("perb", ""), Sorted);
        foreach (var command in Commands(help))
        {
            var options = Options(await HelpAsync(command));
            Assert.Equal(options, await CompleteAsync("perb", command, "-"), Sorted);
            Assert.Equal(options, await CompleteAsync("perb", "--config", "x", command, "-"), Sorted);
        }
    }

    [Fact]
    public async Task The_manual_names_every_command_with_its_options()
    {
        var page = (await File.ReadAllTextAsync(Repository.PathOf("packaging", "man", "perb.1"), TestContext.Current.CancellationToken))
            .Replace(@"\-", "-", StringComparison.Ordinal);
        var sections = Regex.Split(page, @"^\.TP\n", RegexOptions.Multiline);
        var help = await HelpAsync();
        var everywhere = Options(help);
        Assert.All(everywhere, option => Assert.Contains(option, page, StringComparison.Ordinal));
        foreach (var command in Commands(help))
        {
            var section = Assert.Single(sections, section => Regex.IsMatch(section, $@"\A(?:\.B |\\fB){command}(?:\n|\\fR)"));
            Assert.All(
                Options(await HelpAsync(command)).Except(everywhere),
                option => Assert.Contains(option, section, StringComparison.Ordinal));
        }
    }

    [Fact]
    [Trait("Suite", "long")]
    public async Task The_manual_is_sound_to_man()
    {
        var read = await BuiltPackages.TryRunAsync("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", Repository.PathOf("packaging", "man", "perb.1"));
        Assert.SkipWhen(read is null, "there is no man: ./test --all installs it");
        Assert.Equal((0, ""), (read.ExitCode, read.Errors));
    }

    private static readonly IEqualityComparer<IReadOnlyList<string>> Sorted = EqualityComparer<IReadOnlyList<string>>.Create(
        (one, other) => one!.Order(StringComparer.Ordinal).SequenceEqual(other!.Order(StringComparer.Ordinal)), words => words.Count);

    private static async Task<string> HelpAsync(params string[] command) => (await PerbProcess.RunAsync(
        [.. command, "--help"], new Dictionary<string, string?>(), [], TestContext.Current.CancellationToken)).Ok().Output;

    private static IReadOnlyList<string> Commands(string help) =>
        [.. CommandWord().Matches(help[help.IndexOf("\nCommands:\n", StringComparison.Ordinal)..]).Select(match => match.Groups[1].Value)];

    private static IReadOnlyList<string> Options(string help) =>
        [.. OptionLine().Matches(help).SelectMany(match => match.Value.Split(',', StringSplitOptions.TrimEntries)).Except(OtherNames)];

    private static async Task<IReadOnlyList<string>> CompleteAsync(params string[] words)
    {
        const string Script = """
            . "$1"; shift
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            _perb
            printf '%s\n' "${COMPREPLY[@]}"
            """;
        var said = (await BuiltPackages.TryRunAsync("bash", ["-c", Script, "bash", Repository.PathOf("packaging", "completion", "perb"), .. words]))!.Ok();
        return said.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    [GeneratedRegex(@"^  ([a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex CommandWord();

    [GeneratedRegex(@"^  (-[^ ,<]+(?:, -[^ ,<]+)*)", RegexOptions.Multiline)]
    private static partial Regex OptionLine();
}
