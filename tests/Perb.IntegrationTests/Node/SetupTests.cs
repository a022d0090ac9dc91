using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Perb.IntegrationTests.BadInput;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Signing;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Node;

/// <summary>From an empty node to a shipped backup, and back; and nothing half done where something is wrong.</summary>
public sealed class SetupTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task Setup_without_a_question_makes_a_node_that_ships()
    {
        await using var perb = await StartAsync();
        var node = new NodeUnderSetup(perb);
        await File.WriteAllTextAsync(node.VzdumpConf, "script: /bin/true\n", Stop);

        var ended = (await node.SetUpAsync([.. node.Everything, "--hook", "--sign"])).Ok();

        Assert.Equal(
            [
                "role add PerbWatch --privs Sys.Audit Datastore.Audit VM.Audit Pool.Audit",
                "acl modify / --users perb@pve --roles PerbWatch",
                "user token add perb@pve node --privsep 1 --output-format json",
                "acl modify / --tokens perb@pve!node --roles PerbWatch",
            ],
            node.AskedOfPveum);
        Assert.Equal(perb.Secret, (await File.ReadAllTextAsync(node.PathOf("etc/perb/token"), Stop)).Trim());
        Assert.All((string[])["token", "signing.asc"], file => Assert.Equal(OwnerOnly, File.GetUnixFileMode(node.PathOf($"etc/perb/{file}"))));
        Assert.DoesNotContain(perb.Secret, ended.Output + ended.Errors, StringComparison.Ordinal);
        Assert.Contains("PERB RECOVERY SHEET", ended.Output, StringComparison.Ordinal);
        Assert.Contains((await File.ReadAllTextAsync(node.PathOf("state/installation-id"), Stop)).Trim(), ended.Output, StringComparison.Ordinal);
        Assert.Contains("ok    remote offsite", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("FAIL", ended.Output, StringComparison.Ordinal);
        Assert.Equal($"script: {node.PathOf("usr/lib/perb/vzdump-hook")}\n", await File.ReadAllTextAsync(node.VzdumpConf, Stop));

        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        (await node.RunAsync("", "once")).Ok();
        Assert.Equal([$"{name}.enc", $"{name}.sums", $"{name}.sums.sig", "perb.json"], perb.Objects());

        (await node.SetUpAsync("--remove-hook")).Ok();
        Assert.Equal("script: /bin/true\n", await File.ReadAllTextAsync(node.VzdumpConf, Stop));
        (await node.SetUpAsync("--remove-hook")).Ok();
    }

    [Fact]
    public async Task Answers_on_the_terminal_do_the_same_and_the_lines_for_pveum_are_shown_first()
    {
        await using var perb = await StartAsync();
        var node = new NodeUnderSetup(perb);
        string[] answers = ["pve1", "y", "/nowhere.asc", perb.RecipientFile, "y", "offsite", "ofsite:backups", $"offsite:{perb.RemoteFolder}", "n", "y", "root@example.org", "y"];

        var ended = await node.RunAsync(
            string.Concat(answers.Select(line => line + "\n")), "setup", "--user", "root", "--token-id", PerbInstallation.TokenId, "--rclone-config", perb.PathOf("rclone.conf"));

        Assert.True(ended.ExitCode == 0, ended.Output + ended.Errors);
        Assert.Contains("    pveum user token add perb@pve node --privsep 1", ended.Output, StringComparison.Ordinal);
        Assert.Contains(key.Fingerprint, ended.Output, StringComparison.Ordinal);

        // What was mistyped is said, and asked for again.
        Assert.All(
            (string[])["/nowhere.asc: is not there", "'offsite' is not an rclone path", "rclone does not know ofsite"],
            words => Assert.Contains(words, ended.Output, StringComparison.Ordinal));
        var text = await File.ReadAllTextAsync(node.Configuration, Stop);
        Assert.All((string[])["smtp", "root@example.org", "127.0.0.1:9443"], word => Assert.Contains(word, text, StringComparison.Ordinal));
        Assert.Contains("vzdump-hook", await File.ReadAllTextAsync(node.VzdumpConf, Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Running_it_again_keeps_the_token_the_edits_and_a_copy_of_what_was_there()
    {
        await using var perb = await StartAsync();
        var node = new NodeUnderSetup(perb);
        (await node.SetUpAsync([.. node.Everything, "--no-doctor"])).Ok();
        var edited = JsonNode.Parse(await File.ReadAllTextAsync(node.Configuration, Stop), documentOptions: new() { CommentHandling = System.Text.Json.JsonCommentHandling.Skip })!;
        edited["Perb"]!["Rpo"] = "2.00:00:00";
        await File.WriteAllTextAsync(node.Configuration, $"// mine\n{edited.ToJsonString()}", Stop);
        var asked = node.AskedOfPveum.Count;

        (await node.SetUpAsync("--yes", "--user", "root", "--remote", $"second={perb.FolderOf("second")}", "--no-doctor")).Ok();

        Assert.DoesNotContain(node.AskedOfPveum.Skip(asked), line => line.StartsWith("user token add", StringComparison.Ordinal));
        var text = await File.ReadAllTextAsync(node.Configuration, Stop);
        Assert.Contains("2.00:00:00", text, StringComparison.Ordinal);
        Assert.Contains("second", text, StringComparison.Ordinal);
        Assert.Contains("offsite:" + perb.RemoteFolder, text, StringComparison.Ordinal);
        Assert.Contains(
            $"[Service]\nReadWritePaths=\"-{perb.PathOf("second")}\"\n",
            await File.ReadAllTextAsync(node.PathOf("etc/systemd/system/perb.service.d/50-perb-setup.conf"), Stop), StringComparison.Ordinal);
        Assert.Contains(
            Directory.EnumerateFiles(node.PathOf("etc/perb"), "appsettings.json.*"), file => File.ReadAllText(file).StartsWith("// mine", StringComparison.Ordinal));
        (await node.RunAsync("", "once")).Ok();
    }

    [Fact]
    public async Task A_mail_address_is_added_to_those_who_are_told_and_takes_nothing_away()
    {
        await using var perb = await StartAsync();
        var node = new NodeUnderSetup(perb);
        (await node.SetUpAsync([.. node.Everything, "--mail-to", "old@example.org", "--no-doctor"])).Ok();
        var edited = await ConfigurationAsync(node);
        edited["Perb"]!["Notify"]!.AsArray().Add(new JsonObject { ["Kind"] = "ping", ["Url"] = "https://ping.example.org/1" });
        await File.WriteAllTextAsync(node.Configuration, edited.ToJsonString(), Stop);

        (await node.SetUpAsync("--yes", "--user", "root", "--mail-to", "new@example.org", "--no-doctor")).Ok();

        var entries = (await ConfigurationAsync(node))["Perb"]!["Notify"]!.AsArray();
        Assert.Equal(["smtp new@example.org", "ping "], entries.Select(entry => $"{entry!["Kind"]} {entry["To"]?[0]}"));
    }

    [Fact]
    public async Task Another_configuration_than_the_nodes_is_not_set_up()
    {
        await using var perb = await StartAsync();
        var node = new NodeUnderSetup(perb);

        var ended = await node.RunAsync("", ["--config", perb.Configuration, "setup", .. node.Everything]);

        Assert.Equal(2, ended.ExitCode);
        OneLine.In(ended, "leave --config out");
        Assert.Empty(node.AskedOfPveum);
    }

    [Fact]
    public async Task A_token_that_was_revoked_is_made_anew()
    {
        await using var perb = await StartAsync();
        var node = new NodeUnderSetup(perb);
        await File.WriteAllTextAsync(node.PathOf("etc/perb/token"), "of-the-revoked-one\n", Stop);

        (await node.SetUpAsync([.. node.Everything, "--no-doctor"])).Ok();

        Assert.Contains(node.AskedOfPveum, line => line.StartsWith("user token add", StringComparison.Ordinal));
        Assert.Equal(perb.Secret, (await File.ReadAllTextAsync(node.PathOf("etc/perb/token"), Stop)).Trim());
    }

    [Fact]
    public async Task A_secret_is_kept_whatever_happens_after_the_token_was_made()
    {
        await using var perb = await StartAsync();
        var node = new NodeUnderSetup(perb);
        node.AnswerOfPveum(failsAt: "acl modify / --tokens");
        Assert.Equal(1, (await node.SetUpAsync([.. node.Everything, "--no-doctor"])).ExitCode);
        Assert.Equal(perb.Secret, (await File.ReadAllTextAsync(node.PathOf("etc/perb/token"), Stop)).Trim());

        node.AnswerOfPveum();
        (await node.SetUpAsync([.. node.Everything, "--no-doctor"])).Ok();
        Assert.Single(node.AskedOfPveum, line => line.StartsWith("user token add", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_with_a_certificate_for_all_of_its_domain_is_called_by_its_own_name_there()
    {
        await using var perb = await StartAsync();
        var node = new NodeUnderSetup(perb);
        var settings = await ConfigurationAsync(node);
        settings["Perb"]!["Proxmox"]!.AsObject().Remove("Url");
        await File.WriteAllTextAsync(node.Configuration, settings.ToJsonString(), Stop);
        using var rsa = RSA.Create();
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest("CN=*.example.org", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        Directory.CreateDirectory(node.PathOf("etc/pve/local"));
        await File.WriteAllTextAsync(node.PathOf("etc/pve/local/pveproxy-ssl.pem"), certificate.ExportCertificatePem(), Stop);

        (await node.SetUpAsync([.. node.Everything, "--no-doctor"])).Ok();

        Assert.Equal("https://pve1.example.org:8006", (string?)(await ConfigurationAsync(node))["Perb"]!["Proxmox"]!["Url"]);
    }

    [Fact]
    public async Task Remotes_that_are_directories_need_no_configuration_of_rclone()
    {
        await using var perb = await StartAsync();
        var node = new NodeUnderSetup(perb);
        string[] arguments = [.. node.Everything];
        arguments = [.. arguments[..Array.IndexOf(arguments, "--rclone-config")], "--remote", $"disk={perb.FolderOf("disk")}"];

        (await node.SetUpAsync(arguments)).Ok();

        Assert.Equal("", await File.ReadAllTextAsync(node.PathOf("state/rclone.conf"), Stop));
        Assert.True(File.Exists(node.PathOf("etc/systemd/system/perb.service.d/50-perb-setup.conf")));
    }

    [Theory]
    [InlineData("no fingerprint", "--fingerprint has to say ")]
    [InlineData("another fingerprint", "--fingerprint has to say ")]
    [InlineData("private key", "--recipient /", "PRIVATE key")]
    [InlineData("no recipient", "--recipient is missing")]
    [InlineData("no remote", "--remote is missing")]
    [InlineData("bad remote", "NAME=PATH is expected")]
    [InlineData("no rclone", "rclone config --config")]
    [InlineData("unknown user", "there is no user nobody-here")]
    [InlineData("token is there", "pveum user token remove perb@pve node")]
    [InlineData("pveum refuses", "pveum user token add perb@pve node", "400 Parameter verification failed")]
    [InlineData("no pveum", "pveum is not there")]
    [InlineData("token id", "user@realm!name")]
    [InlineData("no answer", "no answer to ")]
    [InlineData("no hook", "apt install --reinstall perb")]
    [InlineData("bad url", "nothing was changed: ", "Proxmox:Url")]
    [InlineData("bad mail", "nothing was changed: ", "Notify")]
    [InlineData("bad remote name", "nothing was changed: ", "Remotes")]
    [InlineData("wait alone", "--hook")]
    public async Task What_is_wrong_is_one_line_and_vzdump_is_left_as_it_was(string fault, params string[] words)
    {
        await using var perb = await StartAsync();
        var node = new NodeUnderSetup(perb);
        var before = await File.ReadAllTextAsync(node.Configuration, Stop);

        var ended = await node.SetUpAsync(ArgumentsFor(fault, perb, node));

        Assert.Equal(1, ended.ExitCode);
        OneLine.In(ended with { Output = "" }, words);
        Assert.False(File.Exists(node.VzdumpConf));
        Assert.Equal(fault == "no hook", File.Exists(node.PathOf("etc/perb/token")));
        if (fault != "no hook")
        {
            Assert.Equal(before, await File.ReadAllTextAsync(node.Configuration, Stop));
        }
    }

    private static string[] ArgumentsFor(string fault, PerbInstallation perb, NodeUnderSetup node)
    {
        string[] everything = [.. node.Everything, "--hook"];
        switch (fault)
        {
            case "private key":
                return Replaced("--recipient", perb.Key.Gpg.ExportSecret(perb.Key.Fingerprint));
            case "token is there":
                node.AnswerOfPveum(tokens: """[{"tokenid":"node","privsep":1}]""");
                return everything;
            case "pveum refuses":
                node.AnswerOfPveum(failsAt: "user token add");
                return everything;
            case "no pveum":
                File.Delete(node.PathOf("bin/pveum"));
                return everything;
            case "no hook":
                File.Delete(node.PathOf("usr/lib/perb/vzdump-hook"));
                return everything;
            default:
                return fault switch
                {
                    "no fingerprint" => Without("--fingerprint"),
                    "another fingerprint" => Replaced("--fingerprint", new string('A', 40)),
                    "bad url" => [.. everything, "--url", "http://127.0.0.1:8006"],
                    "bad mail" => [.. everything, "--mail-to", "no address"],
                    "bad remote name" => Replaced("--remote", "my nas=offsite:perb"),
                    "wait alone" => [.. everything.Except(["--hook"]), "--wait"],
                    "no recipient" => Without("--recipient"),
                    "no remote" => Without("--remote"),
                    "bad remote" => Replaced("--remote", "gdrive"),
                    "no rclone" => Without("--rclone-config"),
                    "unknown user" => Replaced("--user", "nobody-here"),
                    "token id" => Replaced("--token-id", "perb"),
                    _ => [.. everything.Except(["--yes"])],
                };
        }

        string[] Without(string option) => [.. everything[..Array.IndexOf(everything, option)], .. everything[(Array.IndexOf(everything, option) + 2)..]];

        string[] Replaced(string option, string value) => [.. Without(option), option, value];
    }

    private static async Task<JsonNode> ConfigurationAsync(NodeUnderSetup node) => JsonNode.Parse(
        await File.ReadAllTextAsync(node.Configuration, Stop), documentOptions: new() { CommentHandling = System.Text.Json.JsonCommentHandling.Skip })!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Task<PerbInstallation> StartAsync() => PerbInstallation.StartAsync(key, Stop);
}
