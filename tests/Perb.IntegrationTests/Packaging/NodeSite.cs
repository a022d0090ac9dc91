using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Packaging;

/// <summary>
/// What a booted node has beside Perb: a Proxmox API with one storage, <c>/var/lib/vz</c>, one container, and a vzdump that reads
/// <c>/etc/vzdump.conf</c>. The remote is a directory that belongs to Perb's user.
/// </summary>
internal sealed class NodeSite(BootedNode node)
{
    public const string Configuration = "/etc/perb/appsettings.json";
    public const string VzdumpConf = "/etc/vzdump.conf";
    public const string DumpFolder = "/var/lib/vz/dump";
    public const string RemoteFolder = "/mnt/offsite/perb";

    private const string State = "/var/lib/simulated-node";

    /// <summary>Nothing of Perb is needed for it.</summary>
    public async Task StartAsync()
    {
        await node.ShellAsync($"""
            mkdir -p {State} {DumpFolder} /mnt/offsite /srv/guest-101
            head -c 3M /dev/urandom >/srv/guest-101/data
            systemd-run --quiet --unit=simulated-node --setenv=DOTNET_ROOT=$DOTNET_ROOT --setenv=DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 \
                {BootedNode.SimulatedNode} serve --directory {State} --port 8006 --time-zone Etc/UTC --vzdump-conf {VzdumpConf}
            """);
        await Eventually.HoldsAsync("the API answers", async () =>
            (await node.TryAsync("journalctl", "--quiet", "--unit=simulated-node")).Output.Contains("listening on ", StringComparison.Ordinal));
        await CallAsync("storage", "add", "--id", "local", "--path", "/var/lib/vz");
        await CallAsync("guest", "add", "--vmid", "101", "--type", "lxc", "--name", "web", "--root", "/srv/guest-101");
        await node.WriteAsync(VzdumpConf, "# vzdump default settings\nbwlimit: 100000\n");
    }

    /// <summary><c>perb setup</c> as the README has it, and the service started at its end. The packages are installed.</summary>
    public async Task ConfigureAsync()
    {
        var secret = await CallAsync("token", "add", "--id", "perb@pve!node", "--privileges", "Sys.Audit Datastore.Audit VM.Audit Pool.Audit");
        await node.WriteAsync("/root/secret", secret, "600");
        await node.ShellAsync($"""
            mkdir -p /etc/pve && cp {State}/pve-root-ca.pem /etc/pve/
            install -d -m 700 /root/.gnupg
            gpg --batch --quiet --passphrase '' --quick-generate-key 'Backups <backups@example.org>' default default never
            gpg --armor --export backups@example.org >/root/recipient.asc
            printf '[offsite]\ntype = alias\nremote = /mnt/offsite\n' >/root/rclone.conf
            chown perb:perb /mnt/offsite
            install -D -m 644 -t /etc/systemd/system/perb.service.d /usr/share/doc/perb/examples/drop-ins/local-remote.conf
            """);
        await node.WriteAsync("/etc/systemd/system/perb.service.d/test.conf", "[Service]\nRestartSec=1\n");
        await node.WriteAsync(Configuration, new JsonObject
        {
            ["Perb"] = new JsonObject
            {
                ["Discovery"] = new JsonObject { ["Poll"] = "00:00:01" },
                ["Encryption"] = new JsonObject { ["VolumeSize"] = "1MiB" },
                ["Staging"] = new JsonObject { ["MinFree"] = "1MiB" },
                ["TimeZone"] = "Etc/UTC",
            },
        }.ToJsonString(), "644");
        await node.ShellAsync("systemctl daemon-reload");
        var fingerprint = await node.ShellAsync("gpg --batch --with-colons --list-keys backups@example.org | sed -n 's/^fpr:*\\([0-9A-F]*\\):$/\\1/p' | head -n 1");
        var ended = await node.TryAsync(
            "perb", "setup", "--yes", "--node", "pve1", "--token-id", "perb@pve!node", "--token-secret-file", "/root/secret", "--recipient", "/root/recipient.asc",
            "--fingerprint", fingerprint, "--remote", "offsite=offsite:perb", "--rclone-config", "/root/rclone.conf", "--hook", "--start");
        Assert.True(ended.ExitCode == 0, ended.Output + ended.Errors);
    }

    /// <summary>A vzdump task of the container; returns its log, whose last line is <c>TASK OK</c> where all is well.</summary>
    public async Task<Ended> BackUpAsync() => await node.TryAsync(
        BootedNode.SimulatedNode, "vzdump", "--directory", State, "--storage", "local", "101");

    /// <summary>Waits until so many backups are published, and returns their names.</summary>
    public async Task<IReadOnlyList<string>> PublishedAsync(int count, TimeSpan? longest = null)
    {
        List<string> names = [];
        await Eventually.HoldsAsync($"{count} backups are published", async () =>
        {
            names = [.. (await ListAsync()).Where(backup => (string?)backup["state"] == "published").Select(backup => (string)backup["remoteName"]!).Order(StringComparer.Ordinal)];
            return names.Count == count;
        }, longest);
        return names;
    }

    public async Task<IReadOnlyList<JsonNode>> ListAsync() =>
        [.. JsonNode.Parse(await node.RunAsync("perb", "--json", "list"))!.AsArray().Select(backup => backup!)];

    /// <summary>Every object on the remote with its hash.</summary>
    public Task<string> RemoteAsync() => node.ShellAsync($"cd {RemoteFolder} && sha256sum *");

    private Task<string> CallAsync(params string[] arguments) =>
        node.RunAsync([BootedNode.SimulatedNode, .. arguments[..2], "--directory", State, .. arguments[2..]]);
}
