using System.Text.Json.Nodes;
using CliWrap;
using CliWrap.Buffered;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.MainJob;

/// <summary>Whatever rclone does: afterwards the copy is what it had been without the fault, and until then a failure is shown by name.</summary>
[Trait("Suite", "long")]
public sealed class RcloneFaultTests(SharedKey key) : IClassFixture<SharedKey>
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public static TheoryData<string, int> Codes
    {
        get
        {
            string[] others = ["version*", "backend*", "cat*", "lsjson*", "lsjson*--stat*.enc", "copyto*perb.json", "copyto*.sums", "lsjson*--stat*.sums"];
            var data = new TheoryData<string, int>();
            data.AddRange([.. Enumerable.Range(1, 10).Select(code => ("copyto*.enc", code))]);
            data.AddRange([.. others.Select(command => (command, 1)), .. others.Select(command => (command, 5))]);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task A_failing_command_is_a_failure_with_rclones_own_words_until_it_is_mended(string commands, int exitCode)
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, Hour, 5 << 20);
        var rclone = perb.ConfigureFaulty();
        rclone.Answers(commands, exitCode, """{"level":"error","msg":"the cloud is grey"}""" + "\n");

        var first = await perb.RunAsync("once");

        Assert.True(first.ExitCode is 1 or 3 or 75 or 78, $"{first.ExitCode}: {first.Errors}");
        OneLine.NoTrace(first);
        Assert.Contains("the cloud is grey", first.Errors, StringComparison.Ordinal);
        if (!commands.EndsWith(".sums", StringComparison.Ordinal))
        {
            Assert.DoesNotContain($"{name}.sums", perb.Objects());
        }

        rclone.Mend();
        var next = await perb.RunAsync("once");
        Assert.True(next.ExitCode == 0, next.Errors);
        perb.AssertWhole(name, volumes: 2);
        Assert.Empty((await perb.StatusAsync())["failures"]!.AsArray());
        Assert.Empty((await perb.StatusAsync())["troubles"]!.AsArray());
    }

    [Theory]
    [InlineData("hangs", 75, "nothing moved")]
    [InlineData("dies", 75, "failed (exit 137)")]
    [InlineData("truncates", 75, "rclone")]
    [InlineData("pretends", 3, "is not there although it was sent")]
    [InlineData("loses", 3, "is not there although it was sent")]
    [InlineData("corrupts", 3, "it must have")]
    public async Task An_upload_that_goes_wrong_in_any_way_is_told_and_made_good(string fault, int exitCode, string words)
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, Hour, 5 << 20);
        var rclone = perb.ConfigureFaulty(("Rclone:StallTimeout", "00:00:02"));
        Action<string> arm = fault switch
        {
            "hangs" => rclone.Hangs,
            "dies" => rclone.Dies,
            "truncates" => rclone.Truncates,
            "pretends" => rclone.Pretends,
            "loses" => rclone.Loses,
            _ => rclone.Corrupts,
        };
        arm("copyto*.001-of-002.enc");

        var first = await perb.RunAsync("once");

        Assert.True(first.ExitCode == exitCode, $"{first.ExitCode}: {first.Errors}");
        OneLine.NoTrace(first);
        Assert.Contains(words, first.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain($"{name}.sums", perb.Objects());
        Assert.Equal("discovered", (string)Assert.Single(await perb.ListAsync())!["state"]!);
        Assert.Empty(Uploading.Rclones(perb));

        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name, volumes: 2);
        Assert.Equal(2, rclone.Copies($"{name}.001-of-002.enc"));
    }

    [Fact]
    public async Task A_large_volume_on_a_disk_of_this_machine_is_read_back_and_one_wrong_byte_is_noticed()
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, Hour, 20 << 20);
        var rclone = perb.ConfigureFaulty(("Encryption:VolumeSize", "32MiB"));
        rclone.Corrupts("copyto*.enc");

        var first = await perb.RunAsync("once");

        Assert.True(first.ExitCode == 3, $"{first.ExitCode}: {first.Errors}");
        Assert.Contains("it must have", first.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain($"{name}.enc", perb.Objects());

        (await perb.RunAsync("once")).Ok();
        perb.AssertWhole(name, volumes: 1);
        Assert.Equal("hash", (string)Assert.Single(await perb.ListAsync())!["verifiedHow"]!);
    }

    [Fact]
    public async Task Garbage_on_stderr_is_no_failure_and_reaches_no_terminal()
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, Hour);
        var rclone = perb.ConfigureFaulty();
        rclone.Babbles("copyto*.enc");

        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == 0, once.Errors);
        Assert.True(rclone.HasStruck);
        Assert.DoesNotContain(once.Errors, letter => char.IsControl(letter) && letter != '\n');
        perb.AssertWhole(name, volumes: 1);
    }

    [Fact]
    public async Task A_remote_that_knows_neither_hash_nor_time_gets_a_volume_that_was_sealed_anew()
    {
        await using var perb = await StartAsync();
        var name = perb.AddArchive(101, Hour, 5 << 20);
        var password = await RcloneAsync("obscure", "secret");
        File.WriteAllText(
            perb.PathOf("rclone.conf"),
            $"[offsite]\ntype = crypt\nremote = {perb.RemoteFolder}\nfilename_encryption = off\npassword = {password.Trim()}\n");
        perb.Configure(("Remotes:0:Path", "offsite:"), ("Rclone:Environment", new JsonObject { ["RCLONE_SIZE_ONLY"] = "true" }));
        var died = await perb.RunAsync(new Dictionary<string, string?> { ["PERB_CRASH_AT"] = "volume-uploaded" }, "once");
        Assert.Equal(137, died.ExitCode);
        Array.ForEach(Directory.GetFiles(perb.Staging), File.Delete); // so that it is sealed anew: the same size, other bytes

        var once = await perb.RunAsync("once");

        Assert.True(once.ExitCode == 0, once.Errors);
        Assert.Equal("size", (string)Assert.Single(await perb.ListAsync())!["verifiedHow"]!);
        var fetched = perb.FolderOf("fetched");
        await RcloneAsync("--config", perb.PathOf("rclone.conf"), "copy", "offsite:", fetched);
        key.Gpg.Bash($"cksum -c {name}.sums", fetched).Ok();
    }

    private Task<PerbInstallation> StartAsync() => PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);

    private static async Task<string> RcloneAsync(params string[] arguments) =>
        (await new Command("rclone").WithArguments(arguments).ExecuteBufferedAsync(TestContext.Current.CancellationToken)).StandardOutput;
}
