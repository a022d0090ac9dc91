using System.Text.Json.Nodes;
using CliWrap;
using CliWrap.Buffered;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Node;

/// <summary>The files of a node below a folder, a pveum that knows what Proxmox's would, and <c>perb setup</c> run by root.</summary>
internal sealed class NodeUnderSetup
{
    private readonly PerbInstallation _perb;

    /// <param name="perb">Its node is the one that is set up; its configuration is not used.</param>
    public NodeUnderSetup(PerbInstallation perb)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root sets up a node");
        _perb = perb;
        foreach (var folder in (string[])["etc/perb", "etc/pve", "usr/lib/perb", "bin"])
        {
            Directory.CreateDirectory(PathOf(folder));
        }

        File.Copy(perb.Node.CaFile, PathOf("etc/pve/pve-root-ca.pem"));
        WriteProgram("usr/lib/perb/vzdump-hook", "#!/bin/sh\n");
        AnswerOfPveum();

        // What a node of its own would not need: its API on another port, its state elsewhere.
        File.WriteAllText(Configuration, new JsonObject
        {
            ["Perb"] = new JsonObject
            {
                ["StateDirectory"] = PathOf("state"),
                ["Proxmox"] = new JsonObject { ["Url"] = perb.Node.Url.ToString() },
                ["Discovery"] = new JsonObject { ["SpoolDirectory"] = perb.FolderOf("spool") },
                ["Encryption"] = new JsonObject { ["VolumeSize"] = "4MiB" },
                ["Staging"] = new JsonObject { ["MinFree"] = "1MiB" },
                ["TimeZone"] = "Etc/UTC",
            },
        }.ToJsonString());
    }

    public string Configuration => PathOf("etc/perb/appsettings.json");

    public string VzdumpConf => PathOf("etc/vzdump.conf");

    public string PathOf(string path) => _perb.PathOf(["node-files", .. path.Split('/')]);

    /// <summary>What pveum was asked, a line each; none where it never was.</summary>
    public IReadOnlyList<string> AskedOfPveum => File.Exists(PathOf("asked")) ? File.ReadAllLines(PathOf("asked")) : [];

    /// <summary>All that an unattended setup needs, for an installation of root's.</summary>
    public string[] Everything =>
    [
        "--yes", "--user", "root", "--node", "pve1", "--token-id", PerbInstallation.TokenId, "--recipient", _perb.RecipientFile, "--fingerprint", _perb.Key.Fingerprint,
        "--rclone-config", _perb.PathOf("rclone.conf"), "--remote", $"offsite=offsite:{_perb.RemoteFolder}",
    ];

    /// <param name="tokens">As <c>pveum user token list</c> shows them.</param>
    /// <param name="failsAt">The words of a call that it refuses.</param>
    public void AnswerOfPveum(string tokens = "[]", string failsAt = "nothing") => WriteProgram("bin/pveum", $$"""
        #!/bin/sh
        made() { grep -qs '^user token add' '{{PathOf("asked")}}'; }
        case "$*" in
        *"{{failsAt}}"*) echo "400 Parameter verification failed." >&2; exit 255 ;;
        "user token list"*) ! made || { echo '[{"tokenid":"node","privsep":1}]'; exit 0; } ;;
        "acl modify / --tokens"*) made || { echo "no such token" >&2; exit 255; } ;;
        esac
        case "$*" in
        "role list"*) echo '[{"privs":"VM.Audit","roleid":"PVEAuditor","special":1}]' ;;
        "user list"*) echo '[{"enable":1,"realm-type":"pve","userid":"perb@pve"}]' ;;
        "user token list"*) echo '{{tokens}}' ;;
        "user token add"*) echo '{"full-tokenid":"{{PerbInstallation.TokenId}}","info":{"privsep":"1"},"value":"{{_perb.Secret}}"}' ;;
        esac
        case "$*" in
        *" list"*) ;;
        *) echo "$*" >>'{{PathOf("asked")}}' ;;
        esac

        """);

    public Task<Ended> SetUpAsync(params string[] arguments) => RunAsync("", ["setup", .. arguments]);

    public async Task<Ended> RunAsync(string answers, params string[] arguments)
    {
        var result = await new Command(PerbProcess.Program)
            .WithArguments(arguments)
            .WithWorkingDirectory("/")
            .WithEnvironmentVariables(variables => variables
                .Set("PERB_NODE_ROOT", PathOf("").TrimEnd('/')).Set("PERB_CONFIG", Configuration).Set("PATH", $"{PathOf("bin")}:{Environment.GetEnvironmentVariable("PATH")}"))
            .WithStandardInputPipe(PipeSource.FromString(answers))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(TestContext.Current.CancellationToken);
        return new Ended(result.ExitCode, result.StandardOutput, result.StandardError);
    }

    private void WriteProgram(string path, string text)
    {
        File.WriteAllText(PathOf(path), text);
        File.SetUnixFileMode(PathOf(path), (UnixFileMode)0b111_101_101);
    }
}
