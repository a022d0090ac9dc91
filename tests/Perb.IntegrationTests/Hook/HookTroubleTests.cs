namespace Perb.IntegrationTests.Hook;

/// <summary>Whatever is wrong with the spool: the hook ends with 0, says nothing into the task log of every guest, and touches nothing else.</summary>
public sealed class HookTroubleTests
{
    public static readonly TheoryData<string> Shells = HookUnderTest.Shells;

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task A_missing_spool_harms_nothing(string shell)
    {
        using var hook = new HookUnderTest(shell);
        Directory.Delete(hook.Spool);

        await AssertHarmlessAsync(hook);

        Assert.False(Directory.Exists(hook.Spool));
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task A_full_spool_harms_nothing_and_keeps_no_part_of_an_event(string shell)
    {
        using var hook = new HookUnderTest(shell);
        using var small = Mount.Memory(hook.Spool, "size=16k,mode=750");
        FillUp(Path.Combine(small.Path, "filler"));

        await AssertHarmlessAsync(hook);

        Assert.Equal(["filler"], NamesIn(small.Path));
    }

    [Fact]
    public async Task A_spool_without_room_for_a_name_harms_nothing()
    {
        using var hook = new HookUnderTest();
        using var small = Mount.Memory(hook.Spool, "nr_inodes=1,mode=750");

        await AssertHarmlessAsync(hook);

        Assert.Empty(NamesIn(small.Path));
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task A_read_only_spool_harms_nothing(string shell)
    {
        using var hook = new HookUnderTest(shell);
        using var locked = Mount.Memory(hook.Spool, "ro,mode=750");

        await AssertHarmlessAsync(hook);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task A_link_in_place_of_the_spool_is_not_followed(string shell)
    {
        using var hook = new HookUnderTest(shell);
        Directory.Move(hook.Spool, hook.PathOf("elsewhere"));
        File.CreateSymbolicLink(hook.Spool, hook.PathOf("elsewhere"));

        await AssertHarmlessAsync(hook);

        Assert.Empty(NamesIn(hook.PathOf("elsewhere")));
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task A_FIFO_in_place_of_the_spool_is_not_waited_for(string shell)
    {
        using var hook = new HookUnderTest(shell);
        Directory.Delete(hook.Spool);
        HookUnderTest.Run("mkfifo", [hook.Spool]);

        await AssertHarmlessAsync(hook);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public async Task A_spool_of_another_user_is_not_written_to(string shell)
    {
        using var hook = new HookUnderTest(shell);
        HookUnderTest.Run("chown", ["nobody", hook.Spool]);

        await AssertHarmlessAsync(hook);

        Assert.Empty(NamesIn(hook.Spool));
    }

    [Theory]
    [InlineData("rmdir spool")]
    [InlineData("mv spool elsewhere; ln -s elsewhere spool")]
    [InlineData("rmdir spool; mkfifo spool")]
    [InlineData("chown nobody spool")]
    public async Task A_spool_that_takes_no_events_is_said_once_at_the_start_of_a_task(string change)
    {
        foreach (var shell in Shells.Select(row => row.Data))
        {
            using var hook = new HookUnderTest(shell);
            var good = await hook.CallAsync("job-start");
            HookUnderTest.Run("sh", ["-c", $"cd '{hook.PathOf()}'; {change}"]);

            var ended = await hook.CallAsync("job-start");

            Assert.Equal((0, "", ""), (good.ExitCode, good.Output, good.Errors));
            Assert.Equal((0, ""), (ended.ExitCode, ended.Output));
            Assert.StartsWith($"perb hook: {hook.Spool} is not there or not root's", Assert.Single(ended.Errors.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
        }
    }

    // Nobody can know the name beforehand: these stand in the way of every one that the hook could take here.
    [Theory]
    [InlineData("dash", "ln -s ../victim")]
    [InlineData("dash", "mkfifo")]
    [InlineData("dash", "mkdir")]
    [InlineData("busybox", "ln -s ../victim")]
    [InlineData("busybox", "mkfifo")]
    public async Task What_somebody_planted_under_the_very_name_is_neither_followed_nor_waited_for(string shell, string plant)
    {
        using var hook = new HookUnderTest(shell);
        var script = await File.ReadAllTextAsync(HookUnderTest.Script, TestContext.Current.CancellationToken);
        var predictable = script.Replace("name=${boot%%-*}-$uptime-$$", "name=known", StringComparison.Ordinal);
        Assert.NotEqual(script, predictable);
        await File.WriteAllTextAsync(hook.PathOf("predictable"), predictable, TestContext.Current.CancellationToken);
        HookUnderTest.Run("sh", ["-c", $"cd '{hook.Spool}' && {plant} .known.partial"]);

        var ended = await hook.CallToTheLastAsync(hook.PathOf("predictable"), "log-end", "snapshot", "100");

        Assert.Equal((0, "", ""), (ended.ExitCode, ended.Output, ended.Errors));
        Assert.Equal([".known.partial"], NamesIn(hook.Spool));
        Assert.False(File.Exists(hook.PathOf("victim")));
    }

    [Theory]
    [InlineData("ln -s ../victim")]
    [InlineData("mkfifo")]
    public async Task What_has_the_name_of_an_event_already_is_replaced_and_not_followed(string plant)
    {
        using var hook = new HookUnderTest();
        var script = await File.ReadAllTextAsync(HookUnderTest.Script, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            hook.PathOf("predictable"),
            script.Replace("name=${boot%%-*}-$uptime-$$", "name=known", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        HookUnderTest.Run("sh", ["-c", $"cd '{hook.Spool}' && {plant} known.event"]);

        await hook.CallToTheLastAsync(hook.PathOf("predictable"), "log-end", "snapshot", "100");

        Assert.Equal("log-end", Assert.Single(hook.Events()).Phase);
        Assert.Null(new FileInfo(Path.Combine(hook.Spool, "known.event")).LinkTarget);
        Assert.False(File.Exists(hook.PathOf("victim")));
    }

    private static async Task AssertHarmlessAsync(HookUnderTest hook)
    {
        string[][] calls = [["log-end", "snapshot", "100"], ["job-end"], ["job-abort"]];
        foreach (var arguments in calls)
        {
            var ended = await hook.CallToTheLastAsync(new Dictionary<string, string> { ["TARGET"] = "/x", ["HOSTNAME"] = new('x', 4096) }, arguments);
            Assert.Equal((0, "", ""), (ended.ExitCode, ended.Output, ended.Errors));
        }
    }

    private static IEnumerable<string?> NamesIn(string folder) =>
        new DirectoryInfo(folder).EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0 }).Select(entry => entry.Name);

    private static void FillUp(string path)
    {
        using var file = File.Create(path, bufferSize: 1);
        try
        {
            while (true)
            {
                file.Write(new byte[1024]);
            }
        }
        catch (IOException)
        {
            // That is full.
        }
    }
}
