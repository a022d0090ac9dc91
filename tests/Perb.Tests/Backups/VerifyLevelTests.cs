using Perb.Scheduler.Backups;

namespace Perb.Tests.Backups;

public sealed class VerifyLevelTests
{
    [Theory]
    [InlineData(VerifyLevel.Size, VerifyLevel.Hash, VerifyLevel.Size)]
    [InlineData(VerifyLevel.Hash, VerifyLevel.Size, VerifyLevel.Size)]
    [InlineData(VerifyLevel.Hash, VerifyLevel.Download, VerifyLevel.Hash)]
    [InlineData(VerifyLevel.Download, VerifyLevel.Download, VerifyLevel.Download)]
    public void The_weaker_proof_is_the_smaller_one(VerifyLevel one, VerifyLevel other, VerifyLevel weaker) =>
        Assert.Equal(weaker, one < other ? one : other);

    [Theory]
    [InlineData(VerifyLevel.Size, "size")]
    [InlineData(VerifyLevel.Hash, "hash")]
    [InlineData(VerifyLevel.Download, "download")]
    public void Every_level_has_a_word_that_leads_back_to_it(VerifyLevel level, string word) =>
        Assert.Equal((word, level), (level.Word(), VerifyLevels.FromWord(word)));

    [Theory]
    [InlineData("")]
    [InlineData("Hash")]
    [InlineData("signature")]
    public void A_word_that_this_version_does_not_know_is_never_guessed_at(string word) =>
        Assert.Contains($"'{word}'", Assert.Throws<InvalidOperationException>(() => VerifyLevels.FromWord(word)).Message, StringComparison.Ordinal);

    [Fact]
    public void No_level_is_without_a_word() =>
        Assert.Equal(Enum.GetValues<VerifyLevel>().Length, Enum.GetValues<VerifyLevel>().Select(level => level.Word()).Distinct().Count());
}
