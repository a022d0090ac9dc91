using System.Text.Json.Nodes;
using CliWrap;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Transfer.Posix;

namespace Perb.IntegrationTests.MainJob;

/// <summary>The service has a user of its own, and root types commands.</summary>
[Trait("Suite", "long")]
public sealed class OtherUserTests(SharedKey key) : IClassFixture<SharedKey>
{
    private static readonly string[] AsNobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"];

    [Fact]
    public async Task Commands_of_root_serve_beside_the_service_and_never_lock_it_out()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await GiveToNobodyAsync(perb);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        await OwnAsync(perb);
        perb.Under = AsNobody;
        await using (var service = perb.Run())
        {
            await service.SaysAsync($"Published {name}");
            perb.Under = [];

            Assert.Equal(75, (await perb.RunAsync("once")).ExitCode);
            foreach (var command in (string[][])[["status"], ["list"], ["show", "1"], ["retry", "--all"]])
            {
                var ended = await perb.RunAsync(command);
                Assert.True(ended.ExitCode == 0, $"{command[0]}: {ended.ExitCode} {ended.Errors}");
            }

            AssertNothingOfRoots(perb);
            Assert.Equal(0, await service.TerminateAsync());
        }

        var later = perb.AddArchive(102, TimeSpan.FromHours(1));
        await OwnAsync(perb);
        foreach (var command in (string[][])[["once"], ["retry", "1"], ["skip", "1"], ["verify"], ["prune"], ["rebuild"], ["recovery-sheet"], ["status"]])
        {
            var alone = await perb.RunAsync(command);
            Assert.True(alone.ExitCode is 0 or 2, $"{command[0]}: {alone.ExitCode} {alone.Errors}");
            AssertNothingOfRoots(perb);
        }

        Assert.Contains($"{later}.sums", perb.Objects());
        perb.Under = AsNobody;
        (await perb.RunAsync("once")).Ok();
    }

    [Theory]
    [InlineData("is the service's")]
    [InlineData("is root's")]
    [InlineData("is a link to the service's")]
    [InlineData("is gone")]
    public async Task A_restore_by_root_runs_rclone_as_the_service_whose_file_names_programs(string state)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await ShipAsNobodyAsync(perb, "");
        await new Command("chmod").WithArguments(["755", perb.PathOf()]).ExecuteAsync(TestContext.Current.CancellationToken);
        switch (state)
        {
            case "is root's":
                FileFacts.Give(perb.State, 0, 0);
                FileFacts.Give(perb.PathOf(), 0, 0);
                break;
            case "is a link to the service's":
                FileFacts.Give(perb.PathOf("rclone.conf"), 0, 0);
                FileFacts.Give(perb.PathOf(), 0, 0);
                await new Command("chmod").WithArguments(["644", perb.PathOf("rclone.conf")]).ExecuteAsync(TestContext.Current.CancellationToken);
                Directory.CreateSymbolicLink(perb.PathOf("link"), perb.State);
                perb.Configure(("Rclone:Program", perb.PathOf("rclone")), ("StateDirectory", perb.PathOf("link")));
                FileFacts.Give(perb.Configuration, 0, 0);
                break;
            case "is gone":
                Directory.Delete(perb.State, recursive: true);
                break;
        }

        await RestoresAsRootAsync(perb);

        Assert.Contains("101-", (await perb.RunAsync("list", "--remote-only")).Ok().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_what_makes_rclone_the_services_it_does_not_run_and_is_not_called_missing()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await ShipAsNobodyAsync(perb, "");

        var ended = await perb.RunAsync(new Dictionary<string, string?> { ["PATH"] = "/nowhere" }, "list", "--remote-only");

        Assert.NotEqual(0, ended.ExitCode);
        OneLine.In(ended, "setsid cannot be run", "apt install util-linux");
        Assert.DoesNotContain("not installed", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_volume_that_breaks_off_in_the_pipe_is_fetched_once_more()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var broke = perb.PathOf("state", "broke");
        await ShipAsNobodyAsync(perb, $$"""
            case "$*" in
                cat*.enc)
                    if [ ! -e {{broke}} ]; then
                        touch {{broke}}
                        rclone "$@" | head -c 1000
                        echo '{"level":"error","msg":"unexpected EOF"}' >&2
                        exit 5
                    fi ;;
            esac
            """);

        var ended = await RestoresAsRootAsync(perb);

        Assert.True(File.Exists(broke));
        Assert.Contains("fetching it once more", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_hook_waits_as_the_service_and_not_as_root_in_a_directory_of_another()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await GiveToNobodyAsync(perb);
        var spool = perb.FolderOf("spool");
        File.SetUnixFileMode(spool, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var ended = await perb.RunAsync("hook", "wait", "--task", "1-1", "--spool", spool, "--max", "1m");

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("ERROR: the hook's events cannot be read", ended.Output, StringComparison.Ordinal); // root could
    }

    [Theory]
    [InlineData("closed/hook", "644")]
    [InlineData("hook", "640")]
    public async Task Doctor_does_not_call_broken_what_the_service_may_not_look_at(string script, string mode)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await GiveToNobodyAsync(perb);
        var conf = Path.Combine(perb.FolderOf("node-files/etc"), "vzdump.conf");
        Directory.CreateDirectory(perb.PathOf("node-files/closed"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(conf, $"script: {perb.PathOf("node-files", script)}\n", TestContext.Current.CancellationToken);
        await new Command("chmod").WithArguments([mode, conf]).ExecuteAsync(TestContext.Current.CancellationToken);

        var ended = await perb.RunAsync(new Dictionary<string, string?> { ["PERB_NODE_ROOT"] = perb.PathOf("node-files") }, "doctor", "--json");

        var finding = Assert.Single(JsonNode.Parse(ended.Output)!.AsArray(), finding => (string)finding!["check"]! == "hook")!;
        Assert.Equal("ok", (string)finding["result"]!);
        Assert.EndsWith("closed to nobody: not judged", (string)finding["text"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Root_follows_no_configuration_that_another_could_change()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await GiveToNobodyAsync(perb);
        FileFacts.Give(perb.Configuration, 65534, 65534);

        foreach (var command in (string[][])[["status"], ["restore", "101", "--to", "/"]])
        {
            var ended = await perb.RunAsync(command);
            Assert.Equal(78, ended.ExitCode);
            OneLine.In(ended, $"chown root {perb.Configuration}");
        }
    }

    // The installed rclone, which refuses to be root's or to have root's terminal; the lines go first.
    private static async Task ShipAsNobodyAsync(PerbInstallation perb, string lines)
    {
        await GiveToNobodyAsync(perb);
        perb.AddArchive(101, TimeSpan.FromHours(1), 5_000_000);
        await OwnAsync(perb);
        perb.Under = AsNobody;
        (await perb.RunAsync("once")).Ok();
        perb.Under = [];
        var rclone = perb.PathOf("rclone");
        var script = $$"""
            #!/bin/sh
            [ "$(id -u)" != 0 ] || exit 9
            read -r _ _ _ _ _ session _ < /proc/$$/stat
            [ "$session" = $$ ] || exit 9
            {{lines}}
            exec rclone "$@"

            """;
        await File.WriteAllTextAsync(rclone, script, TestContext.Current.CancellationToken);
        File.SetUnixFileMode(rclone, (UnixFileMode)0b111_101_101);
        perb.Configure(("Rclone:Program", rclone));
        FileFacts.Give(perb.Configuration, 0, 0);
    }

    private async Task<Ended> RestoresAsRootAsync(PerbInstallation perb)
    {
        var ofRoot = Directory.CreateTempSubdirectory("perb-root-");
        try
        {
            var ended = (await perb.RunAsync(new Dictionary<string, string?> { ["GNUPGHOME"] = key.Gpg.Folder }, "restore", "101", "--to", ofRoot.FullName)).Ok();

            Assert.Equal(3, ofRoot.GetFileSystemInfos().Length);
            Assert.All(ofRoot.GetFiles(), file => Assert.Equal(0u, FileFacts.At(file.FullName)!.Owner));
            return ended;
        }
        finally
        {
            ofRoot.Delete(recursive: true);
        }
    }

    private static async Task GiveToNobodyAsync(PerbInstallation perb)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can run a program as another user");
        File.Copy(perb.RecipientFile, perb.PathOf("recipient.asc"));
        perb.Configure(("Encryption:Recipients", new JsonArray(perb.PathOf("recipient.asc"))));
        Directory.CreateDirectory(perb.State);
        await OwnAsync(perb);
        var tried = await new Command(AsNobody[0]).WithArguments([.. AsNobody.Skip(1), PerbProcess.Program, "--version"])
            .WithValidation(CommandResultValidation.None).ExecuteAsync(TestContext.Current.CancellationToken);
        Assert.SkipUnless(tried.ExitCode == 0, "nobody may not run the built program here");
    }

    // The configuration is root's, as setup makes it.
    private static async Task OwnAsync(PerbInstallation perb)
    {
        await new Command("chown").WithArguments(["-R", "nobody:nogroup", perb.PathOf()]).ExecuteAsync(TestContext.Current.CancellationToken);
        await new Command("chown").WithArguments(["root", perb.Configuration]).ExecuteAsync(TestContext.Current.CancellationToken);
        await new Command("chmod").WithArguments(["640", perb.Configuration]).ExecuteAsync(TestContext.Current.CancellationToken);
    }

    private static void AssertNothingOfRoots(PerbInstallation perb) => Assert.All(
        Directory.EnumerateFileSystemEntries(perb.State, "*", SearchOption.AllDirectories),
        path => Assert.True(FileFacts.At(path) is null or { Owner: not 0 }, $"{path} belongs to root"));
}
