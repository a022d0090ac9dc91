using Perb.Scheduler.Backups;
using Perb.TestKit;

namespace Perb.Tests.Backups;

public sealed class BackupStateTests
{
    // The table of DESIGN section 7, with the moves that the words there imply spelt out: adoption, a plan found void, re-shipping, retry.
    private const string Table = """
        discovered → verified published skipped source-missing failed pruned
        verified → discovered published skipped failed pruned
        published → damaged lost pruned
        damaged → verified published lost failed pruned
        lost → published damaged pruned
        skipped → discovered source-missing pruned
        source-missing → discovered skipped pruned
        failed → discovered published skipped source-missing pruned
        pruned →
        """;

    public static TheoryData<BackupState> States => [.. Enum.GetValues<BackupState>()];

    [Fact]
    public void Every_pair_of_states_is_allowed_or_forbidden_as_the_table_says()
    {
        var states = Enum.GetValues<BackupState>();
        var actual = states.Select(from => $"{from.Word()} → {string.Join(' ', states.Where(to => from.MayBecome(to)).Select(to => to.Word()))}".TrimEnd());

        Assert.Equal(Table.Split('\n'), actual);
    }

    [Fact]
    public void The_documented_moves_are_those_of_the_table()
    {
        var documented = File.ReadLines(Repository.PathOf("docs", "DESIGN.md"))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Where(cells => cells.Length == 5 && Enum.GetValues<BackupState>().Any(state => cells[1] == $"`{state.Word()}`"))
            .Select(cells => $"{cells[1]} {cells[3]}".Replace("`", "", StringComparison.Ordinal).Replace(",", "", StringComparison.Ordinal).Replace(" nothing", "", StringComparison.Ordinal))
            .Select(line => string.Join(' ', line.Split(' ').Take(1).Concat(line.Split(' ').Skip(1).Order(StringComparer.Ordinal))));

        Assert.Equal(
            Table.Split('\n').Select(line => line.Split(" →")).Select(parts =>
                string.Join(' ', new[] { parts[0] }.Concat(parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)))),
            documented);
    }

    [Theory]
    [MemberData(nameof(States))]
    public void The_word_of_a_state_reads_back(BackupState state) => Assert.Equal(state, BackupStates.FromWord(state.Word()));

    [Theory]
    [MemberData(nameof(States))]
    public void No_state_becomes_itself(BackupState state) => Assert.False(state.MayBecome(state));

    [Theory]
    [InlineData("")]
    [InlineData("Discovered")]
    [InlineData("uploading")]
    public void A_word_of_another_version_is_never_guessed_at(string word) =>
        Assert.Contains($"'{word}'", Assert.Throws<InvalidOperationException>(() => BackupStates.FromWord(word)).Message, StringComparison.Ordinal);
}
