using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;
using Perb.Simulation.Guests;
using Perb.Transfer.Posix;

namespace Perb.IntegrationTests.Node;

/// <summary><c>perb doctor</c> against a live node and remote: what is well is proven, and what is broken is named with what mends it.</summary>
public sealed class DoctorTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task A_healthy_installation_is_proven_from_token_to_remote_and_nothing_is_left_behind()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.AddArchive(101, TimeSpan.FromHours(1));
        (await perb.RunAsync("once")).Ok();
        var before = perb.Objects();

        var findings = await ExamineAsync(perb, exitCode: 0);

        Assert.Equal(
            ["clock", "configuration", "files", "hook", "keys", "node", "notify", "privileges", "rclone", "remote offsite", "rpo", "service", "staging", "storage local", "store"],
            findings.Select(finding => (string)finding!["check"]!).Distinct().Order(StringComparer.Ordinal));
        Assert.DoesNotContain(findings, finding => (string)finding!["result"]! == "fail");
        Assert.Contains(findings, finding => ((string)finding!["text"]!).Contains("written, compared, read back and deleted", StringComparison.Ordinal));
        Assert.Equal(before, perb.Objects());
    }

    [Fact]
    public async Task On_the_terminal_a_line_is_followed_by_what_mends_it()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.Configure(("Proxmox:Node", "pve2"));

        var ended = await perb.RunAsync("doctor");

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("FAIL  node: there is no node pve2; there is pve1\n      > Proxmox:Node in the configuration\n", ended.Output, StringComparison.Ordinal);
        Assert.EndsWith("to look at.\n", ended.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("token", "node", "fail", "401")]
    [InlineData("secret file", "files", "fail", "is not there")]
    [InlineData("authority", "node", "fail", "not trusted")]
    [InlineData("node away", "node", "fail", "cannot be reached")]
    [InlineData("privileges", "privileges", "fail", "lacks")]
    [InlineData("zone", "clock", "fail", "archive names are read in Europe/Berlin")]
    [InlineData("storage", "storage usb", "fail", "no such storage")]
    [InlineData("rclone", "rclone", "fail", "rclone")]
    [InlineData("unknown remote", "remote offsite", "fail", "nowhere")]
    [InlineData("remote refuses", "remote offsite", "fail", "503")]
    [InlineData("remote corrupts", "remote offsite", "fail", "what was written is not what lies there")]
    [InlineData("remote gives nothing back", "remote offsite", "fail", "503")]
    [InlineData("remote keeps", "remote offsite", "warn", "could be written and not deleted")]
    [InlineData("another's path", "remote offsite", "fail", "names another installation")]
    [InlineData("no room", "staging", "fail", "no room for one volume")]
    [InlineData("little room", "staging", "warn", "so that nothing waits")]
    [InlineData("slow line", "rpo", "warn", "take offsite about")]
    [InlineData("nobody told", "notify", "warn", "nobody is told")]
    [InlineData("no template", "notify", "fail", "template")]
    [InlineData("other key", "page", "fail", "no certificate with its key")]
    [InlineData("state of another", "files", "fail", "not to the service's user")]
    [InlineData("open logins", "files", "warn", "everybody may read it")]
    [InlineData("secret of a notification", "files", "fail", "/nowhere/url is not there")]
    [InlineData("writable key", "files", "fail", "could add a key")]
    [InlineData("no hash", "remote offsite", "warn", "proven by size alone")]
    public async Task What_is_broken_is_named_with_what_mends_it(string fault, string check, string result, string words)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await BreakAsync(perb, fault);

        var findings = await ExamineAsync(perb, exitCode: result == "fail" ? 1 : 0);

        var finding = Assert.Single(findings, finding => (string)finding!["check"]! == check && ((string)finding["text"]!).Contains(words, StringComparison.Ordinal))!;
        Assert.Equal(result, (string)finding["result"]!);
        Assert.False(string.IsNullOrWhiteSpace((string?)finding["fix"]));
        Assert.Equal(fault == "remote keeps", perb.Objects().Any(name => name.StartsWith("perb-probe-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Every_script_that_root_runs_at_a_backup_is_judged_with_the_command_that_mends_it()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var node = new NodeUnderSetup(perb);
        (await node.SetUpAsync([.. node.Everything, "--hook", "--no-doctor"])).Ok();
        var (chained, own, caller, open) = (node.PathOf("chained"), node.PathOf("own"), node.PathOf("caller"), node.PathOf("open"));
        await File.WriteAllTextAsync(node.PathOf("etc/perb/hook.conf"), $"CHAIN={chained}\n", TestContext.Current.CancellationToken);
        WriteScript(own, "#!/bin/sh\n");
        WriteScript(caller, $"#!/bin/sh\n{node.PathOf("usr/lib/perb/vzdump-hook")} \"$@\"\n");
        WriteScript(open, "#!/bin/sh\n");
        File.SetUnixFileMode(open, (UnixFileMode)0b111_111_111);
        perb.Node.Jobs.Set(new BackupJob("own", "local") { Script = own });
        perb.Node.Jobs.Set(new BackupJob("caller", "local") { Script = caller });
        perb.Node.Jobs.Set(new BackupJob("open", "local") { Script = open });
        perb.Node.Jobs.Set(new BackupJob("gone", "local") { Script = "/nowhere/hook" });
        perb.Node.Jobs.Set(new BackupJob("elsewhere", "local") { Script = "/nowhere/hook", Node = "pve2" });
        perb.Node.Jobs.Set(new BackupJob("without", "local"));

        var ended = await node.RunAsync("", "doctor", "--json");

        var findings = ((JsonArray)JsonNode.Parse(ended.Output)!).Where(finding => (string)finding!["check"]! == "hook")
            .Select(finding => $"{finding!["result"]} {finding["text"]} > {finding["fix"]}").ToList();
        Assert.Contains($"warn {node.PathOf("etc/perb/hook.conf")} chains {chained}, which is not there: Perb's hook leaves it out, and says so in each task"
            + $" > mend {chained}, or take CHAIN out of {node.PathOf("etc/perb/hook.conf")}", findings);
        Assert.Contains($"warn backup job own names {own} itself: Perb's does not run for that job, whose archives are found when their task has ended, at the next poll"
            + $" > pvesh set /cluster/backup/own --delete script; the script goes on as CHAIN={own} in {node.PathOf("etc/perb/hook.conf")}", findings);
        Assert.Contains($"ok backup job caller names {caller} itself, which calls Perb's > ", findings);
        Assert.Contains($"warn backup job open names {open} itself, which runs as root, and others than root can change it > chown -h root:root {open}; chmod go-w {open}", findings);
        Assert.Contains("fail backup job gone names /nowhere/hook itself, which is not there: vzdump refuses every backup of that job"
            + " > mend /nowhere/hook, or pvesh set /cluster/backup/gone --delete script", findings);
        Assert.DoesNotContain(findings, finding => finding.Contains("elsewhere", StringComparison.Ordinal) || finding.Contains("without", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Backup_jobs_that_the_token_is_not_shown_are_no_fault_of_the_hook()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.WriteSecret("token", perb.Node.CreateToken("perb@pve!less", ["Datastore.Audit", "VM.Audit", "Pool.Audit"]));
        perb.Configure(("Proxmox:TokenId", "perb@pve!less"));

        var findings = (await ExamineAsync(perb, exitCode: 0)).Where(finding => (string)finding!["check"]! == "hook").ToList();

        Assert.DoesNotContain(findings, finding => (string)finding!["result"]! == "fail");
        Assert.Contains(findings, finding => ((string)finding!["text"]!).Contains("not judged: the token is not shown them", StringComparison.Ordinal));
    }

    private static void WriteScript(string path, string text)
    {
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    [Fact]
    public async Task What_Perb_does_not_use_in_its_state_directory_may_be_anybodys()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can give a file away");
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        File.SetUnixFileMode(perb.PathOf("rclone.conf"), (UnixFileMode)0b110_000_000);
        Directory.CreateDirectory(Path.Combine(perb.State, "lost+found"));
        await File.WriteAllTextAsync(Path.Combine(perb.State, "perb.db.old"), "", TestContext.Current.CancellationToken);
        FileFacts.Give(Path.Combine(perb.State, "lost+found"), 65534, 65534);
        FileFacts.Give(Path.Combine(perb.State, "perb.db.old"), 65534, 65534);

        var findings = await ExamineAsync(perb, exitCode: 0);

        var finding = Assert.Single(findings, finding => (string)finding!["check"]! == "files")!;
        Assert.Equal("ok", (string)finding["result"]!);
    }

    [Fact]
    public async Task A_configuration_that_cannot_be_used_ends_it_with_78_and_all_its_faults()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        perb.Configure(("Proxmox:TokenId", "perb"), ("Rpo", "soon"));

        var findings = await ExamineAsync(perb, exitCode: 78);

        Assert.Equal(2, findings.Count);
        Assert.All(findings, finding => Assert.Equal("configuration", (string)finding!["check"]!));
    }

    private static async Task BreakAsync(PerbInstallation perb, string fault)
    {
        switch (fault)
        {
            case "token":
                perb.WriteSecret("token", Guid.NewGuid().ToString());
                break;
            case "secret file":
                File.Delete(perb.PathOf("token"));
                break;
            case "authority":
                perb.Configure(("Proxmox:CaFile", null));
                break;
            case "node away":
                await perb.Node.DisposeAsync();
                break;
            case "privileges":
                perb.WriteSecret("token", perb.Node.CreateToken("perb@pve!less", ["Sys.Audit"]));
                perb.Configure(("Proxmox:TokenId", "perb@pve!less"));
                break;
            case "another's path":
                await File.WriteAllTextAsync(Path.Combine(perb.RemoteFolder, "perb.json"), $$"""{"format":1,"installation":"{{Guid.NewGuid():N}}"}""");
                break;
            case "writable key":
                File.Copy(perb.RecipientFile, perb.PathOf("recipient.asc"));
                File.SetUnixFileMode(perb.PathOf("recipient.asc"), (UnixFileMode)0b110_110_110);
                perb.Configure(("Encryption:Recipients", new JsonArray(perb.PathOf("recipient.asc"))));
                break;
            case "state of another":
                Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can give a file away");
                await File.WriteAllTextAsync(Path.Combine(perb.FolderOf("state"), "perb.lock"), "");
                FileFacts.Give(Path.Combine(perb.State, "perb.lock"), 65534, 65534);
                break;
            case "open logins":
                File.SetUnixFileMode(perb.PathOf("rclone.conf"), (UnixFileMode)0b110_100_100);
                break;
            case "secret of a notification":
                perb.Configure(("Notify", new JsonArray(new JsonObject { ["Kind"] = "ntfy", ["UrlFile"] = "/nowhere/url" })));
                break;
            case "no hash":
                await File.WriteAllTextAsync(perb.PathOf("rclone.conf"), $"[hidden]\ntype = crypt\nremote = {perb.RemoteFolder}\npassword = {Obscured}\n");
                perb.Configure(("Remotes:0:Path", "hidden:"));
                break;
            default:
                Configure(perb, fault);
                break;
        }
    }

    // rclone obscure test
    private const string Obscured = "80hqO0vlLUknUsoWcnVPCHX6uoA";

    private static void Configure(PerbInstallation perb, string fault)
    {
        switch (fault)
        {
            case "zone":
                perb.Configure(("TimeZone", "Europe/Berlin"));
                break;
            case "storage":
                perb.Configure(("Discovery:Storages", new JsonArray("local", "usb")));
                break;
            case "rclone":
                perb.Configure(("Rclone:Program", "/nowhere/rclone"));
                break;
            case "unknown remote":
                perb.Configure(("Remotes:0:Path", "nowhere:perb"));
                break;
            case "remote refuses":
                perb.ConfigureFaulty().Refuses("copyto*");
                break;
            case "remote corrupts":
                perb.ConfigureFaulty().Corrupts("copyto*");
                break;
            case "remote gives nothing back":
                perb.ConfigureFaulty().Refuses("cat*");
                break;
            case "remote keeps":
                perb.ConfigureFaulty().Refuses("deletefile*");
                break;
            case "no room":
                perb.Configure(("Staging:MinFree", "99.99%"));
                break;
            case "little room":
                perb.Configure(("Staging:MaxSize", "8MiB"));
                break;
            case "nobody told":
                perb.Configure(("Notify", new JsonArray()));
                break;
            case "no template":
                perb.WriteSecret("template", "{\"text\": {{text}}}"); // its placeholders stand in texts
                perb.Configure(("Notify", new JsonArray(new JsonObject
                {
                    ["Kind"] = "webhook", ["Url"] = "https://example.org/", ["TemplateFile"] = perb.PathOf("template"),
                })));
                break;
            case "other key":
                ServeWithAnothersKey(perb);
                break;
            case "slow line":
                perb.AddArchive(101, TimeSpan.FromHours(1), 20_000_000);
                perb.Configure(("Rpo", "00:05:00"), ("Remotes:0:BandwidthLimit", "10KiB"));
                break;
        }
    }

    private static void ServeWithAnothersKey(PerbInstallation perb)
    {
        using var ours = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var others = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=perb", ours, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        perb.Configure(
            ("Status:Listen", "127.0.0.1:0"),
            ("Status:CertificateFile", perb.WriteSecret("page.pem", certificate.ExportCertificatePem())),
            ("Status:KeyFile", perb.WriteSecret("page.key", others.ExportPkcs8PrivateKeyPem())));
    }

    private static async Task<JsonArray> ExamineAsync(PerbInstallation perb, int exitCode)
    {
        var ended = await perb.RunAsync("doctor", "--json");
        Assert.True(ended.ExitCode == exitCode, $"{ended.ExitCode}: {ended.Output}{ended.Errors}");
        return (JsonArray)JsonNode.Parse(ended.Output)!;
    }
}
