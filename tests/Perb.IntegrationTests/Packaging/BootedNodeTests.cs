using System.Globalization;
using Perb.IntegrationTests.Installation;

namespace Perb.IntegrationTests.Packaging;

/// <summary>The package on a machine that booted: the Debian below Proxmox VE 8 or 9, a Proxmox API and a vzdump beside it.</summary>
[Trait("Suite", "long")]
[Collection(OnePackage.Name)]
public sealed class BootedNodeTests(BuiltPackages packages, NodeImage image)
{
    /// <summary>Where nothing depends on systemd or on what the distribution brings, one release is enough.</summary>
    private const string Older = "bookworm";

    private const string HookLine = "script: /usr/lib/perb/vzdump-hook";

    /// <summary>systemd's figure times ten; measured: 16. What is open on purpose stands at the end of the unit.</summary>
    private const string MostExposure = "17";

    /// <summary>A Perb of this test's life: from <c>apt install</c> to <c>apt purge</c>, with backups before, between and after.</summary>
    [Theory]
    [MemberData(nameof(NodeImage.Releases), MemberType = typeof(NodeImage))]
    public async Task Perb_ships_from_its_installation_to_its_removal_and_harms_no_backup(string release)
    {
        await image.RequireAsync(release);
        await using var node = await BootedNode.BootAsync(release);
        var site = new NodeSite(node);
        await site.StartAsync();

        await InstallAsync(node);
        await site.ConfigureAsync();
        await IsHardenedAsync(node);
        await DoctorKnowsTheCageAsync(node);
        await WaitsForAPersonAsync(node);

        await IsGoodAsync(site);
        await site.PublishedAsync(1);
        await RestoresAsync(node, site);
        await GoesOnAfterRestartAndKillAsync(node, site);
        await UpgradesAsync(node, site);
        await IsKilledAmidAnUploadAsync(node, site);
        await StaysStoppedWhenInstalledAgainAsync(node);
        await IsStartedByAnUpgradeWhereItHadFailedAsync(node);
        await WhatWasKilledArrivesOnceAsync(node, site);
        await RemovesAsync(node, site);
        await PurgesAsync(node, site);
    }

    private async Task InstallAsync(BootedNode node)
    {
        await node.RunAsync("useradd", "--uid", "1500", "perb"); // a person of that name
        var refused = await node.TryInstallAsync(await packages.CurrentAsync());
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("#1500, who is no system user", refused.Output + refused.Errors, StringComparison.Ordinal);
        await node.RunAsync("userdel", "perb");

        var installed = await node.InstallAsync(await packages.CurrentAsync());

        Assert.Contains("perb setup", installed.Errors + installed.Output, StringComparison.Ordinal);
        Assert.Equal(
            "/etc/perb root:perb 750\n/var/lib/perb perb:perb 750\n/var/spool/perb root:perb 750\n/usr/lib/perb/vzdump-hook root:root 755",
            await node.RunAsync("stat", "--format=%n %U:%G %a", "/etc/perb", "/var/lib/perb", "/var/spool/perb", "/usr/lib/perb/vzdump-hook"));
        Assert.Equal("", await node.RunAsync("find", "/usr/lib/perb", "/usr/bin/perb", "!", "-user", "root"));
        Assert.Equal("perb", await node.RunAsync("id", "--name", "--groups", "perb"));

        // Not enabled, and without a configuration not to be started either.
        Assert.Equal("disabled", (await node.TryAsync("systemctl", "is-enabled", "perb.service")).Output.Trim());
        await node.RunAsync("systemctl", "start", "perb.service");
        Assert.Equal("no", await node.ServiceAsync("ConditionResult"));
        Assert.Equal("inactive", await node.ServiceAsync("ActiveState"));
    }

    private static async Task IsHardenedAsync(BootedNode node)
    {
        Assert.Equal("active", await node.ServiceAsync("ActiveState"));
        Assert.Equal("notify", await node.ServiceAsync("Type"));
        var judged = await node.TryAsync("systemd-analyze", "security", "--no-pager", $"--threshold={MostExposure}", "perb.service");
        Assert.True(judged.ExitCode == 0, judged.Output);

        var status = await node.RunAsync("cat", $"/proc/{await node.ServiceAsync("MainPID")}/status");
        foreach (var kind in (string[])["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
        {
            Assert.Contains($"{kind}:\t0000000000000000\n", status, StringComparison.Ordinal);
        }

        Assert.Contains("NoNewPrivs:\t1\n", status, StringComparison.Ordinal);
        Assert.Contains("Seccomp:\t2\n", status, StringComparison.Ordinal);
        Assert.Equal("perb:perb 600", await node.RunAsync("stat", "--format=%U:%G %a", "/etc/perb/token"));
    }

    /// <summary>What root's shell can write the service cannot.</summary>
    private static async Task DoctorKnowsTheCageAsync(BootedNode node)
    {
        const string DropIn = "/etc/systemd/system/perb.service.d/local-remote.conf";
        await node.ShellAsync($"mv {DropIn} /root; systemctl daemon-reload");
        var doctor = await node.TryAsync("perb", "doctor");
        Assert.Equal(1, doctor.ExitCode);
        Assert.Contains($"FAIL  remote offsite: the service may not write {NodeSite.RemoteFolder}", doctor.Output, StringComparison.Ordinal);

        await node.ShellAsync($"mv /root/local-remote.conf {DropIn}; systemctl daemon-reload");
        (await node.TryAsync("perb", "doctor")).Ok();
    }

    /// <summary>What no second try mends is not tried again.</summary>
    private static async Task WaitsForAPersonAsync(BootedNode node)
    {
        await node.RunAsync("mv", "/etc/perb/token", "/root/token");
        var withoutToken = await node.TryAsync("systemctl", "restart", "perb.service");
        Assert.NotEqual(0, withoutToken.ExitCode);
        Assert.Contains("AssertPathExists=/etc/perb/token", (await node.TryAsync("systemctl", "status", "perb.service")).Output, StringComparison.Ordinal);
        await node.RunAsync("mv", "/root/token", "/etc/perb/token");

        await node.RunAsync("mv", NodeSite.Configuration, "/root/configuration");
        await node.WriteAsync(NodeSite.Configuration, "{ broken");
        Assert.NotEqual(0, (await node.TryAsync("systemctl", "restart", "perb.service")).ExitCode);
        Assert.Equal("78", await node.ServiceAsync("ExecMainStatus"));
        Assert.Equal("failed", await node.ServiceAsync("ActiveState"));
        await node.RunAsync("mv", "/root/configuration", NodeSite.Configuration);
        await node.RunAsync("systemctl", "start", "perb.service");
    }

    private static async Task IsGoodAsync(NodeSite site)
    {
        var task = await site.BackUpAsync();
        Assert.True(task.ExitCode == 0, task.Output + task.Errors);
        Assert.DoesNotContain("perb hook", task.Output, StringComparison.Ordinal); // nothing to complain about
    }

    private static async Task RestoresAsync(BootedNode node, NodeSite site)
    {
        var name = Assert.Single(await site.PublishedAsync(1));
        Assert.Contains("phase=log-end", await node.ShellAsync("cat /var/spool/perb/*.event"), StringComparison.Ordinal);

        await node.RunAsync("perb", "restore", name, "--remote", NodeSite.RemoteFolder, "--to", "/root");

        var archive = $"vzdump-lxc-{name}.tar.zst";
        await node.RunAsync("cmp", $"/root/{archive}", $"{NodeSite.DumpFolder}/{archive}");

        // By the service's rclone, which may not enter /root.
        await node.ShellAsync($"mkdir -m 700 /root/fetched; perb restore {name} --remote offsite --to /root/fetched; cmp /root/fetched/{archive} {NodeSite.DumpFolder}/{archive}");
    }

    private static async Task GoesOnAfterRestartAndKillAsync(BootedNode node, NodeSite site)
    {
        await node.RunAsync("systemctl", "restart", "perb.service");
        Assert.Equal("active", await node.ServiceAsync("ActiveState"));
        var killed = await node.ServiceAsync("MainPID");

        // Not all of its processes: systemd's own look at who is left fails where it meets one that is just dying.
        await node.RunAsync("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "perb.service");
        await IsGoodAsync(site); // while nobody listens

        await Eventually.HoldsAsync("systemd has started Perb again", async () =>
            await node.ServiceAsync("ActiveState") == "active" && await node.ServiceAsync("MainPID") != killed);
        Assert.Equal(2, (await site.PublishedAsync(2)).Count);
    }

    /// <summary>Only the service's own process is killed, as the kernel does it that is out of memory; its rclone is systemd's to end.</summary>
    private static async Task IsKilledAmidAnUploadAsync(BootedNode node, NodeSite site)
    {
        await node.ShellAsync($"cp -p {NodeSite.Configuration} /root/quick; sed -i 's/\"Name\": \"offsite\"/&, \"BandwidthLimit\": \"64KiB\"/' {NodeSite.Configuration}; grep -q BandwidthLimit {NodeSite.Configuration}; systemctl restart perb.service");
        await IsGoodAsync(site);
        IReadOnlyList<string> uploads = [];
        await Eventually.HoldsAsync("rclone uploads a volume", async () =>
            (uploads = await UploadsAsync(node)).Count > 0
            && await node.ShellAsync($"find {NodeSite.RemoteFolder} -newer {NodeSite.Configuration} -name '*.enc*' -size +0") != "");
        await node.RunAsync("mv", "/root/quick", NodeSite.Configuration); // what comes after the kill
        var killed = await node.ServiceAsync("MainPID");

        await node.RunAsync("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "perb.service");

        await Eventually.HoldsAsync("systemd has started Perb again", async () =>
            await node.ServiceAsync("ActiveState") == "active" && await node.ServiceAsync("MainPID") != killed);
        Assert.Empty((await UploadsAsync(node)).Intersect(uploads));
    }

    /// <summary>What was under way when the service was killed; an attempt that failed since then waits its time.</summary>
    private static async Task WhatWasKilledArrivesOnceAsync(BootedNode node, NodeSite site)
    {
        var name = (await site.PublishedAsync(4, TimeSpan.FromMinutes(4)))[^1];
        Assert.Single(await site.ListAsync(), backup => (string?)backup["remoteName"] == name);

        // The manifest names each volume once, all are right, and nothing else of that name is there.
        await node.ShellAsync($"cd {NodeSite.RemoteFolder}; sha256sum --check --strict {name}.sums");
        Assert.Equal(
            await node.ShellAsync($"cd {NodeSite.RemoteFolder}; {{ sed -n 's/^SHA256 (\\(.*\\)) = .*/\\1/p' {name}.sums; echo {name}.sums; }} | sort"),
            await node.ShellAsync($"cd {NodeSite.RemoteFolder}; ls -1 | grep '^{name}' | sort"));
    }

    /// <summary>The rclones that upload, each with its pid and the time of its start.</summary>
    private static async Task<IReadOnlyList<string>> UploadsAsync(BootedNode node) => (await node.ShellAsync("""
        for cmdline in $(grep -lsa copyto /proc/[0-9]*/cmdline); do
            process=${cmdline%/cmdline}
            [ "$(stat -c %U $process 2>/dev/null)" != perb ] || echo "$process $(sed 's/.*) //' $process/stat | cut -d ' ' -f 20)"
        done
        """)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private async Task UpgradesAsync(BootedNode node, NodeSite site)
    {
        var later = await packages.LaterAsync();
        var before = await FactsAsync(node);
        var process = await node.ServiceAsync("MainPID");
        await node.RunAsync("systemd-run", "--quiet", "--unit=watcher", "sh", "-c", "while [ -x /usr/lib/perb/vzdump-hook ]; do :; done; touch /root/missing");

        await node.InstallAsync(later);

        await node.RunAsync("systemctl", "stop", "watcher");
        Assert.False(File.Exists(Path.Combine(node.Root, "root", "missing")), "vzdump would not have found its hook for a moment");
        Assert.StartsWith(BuiltPackages.LaterVersion, await node.RunAsync("perb", "--version"), StringComparison.Ordinal);
        Assert.Equal("active", await node.ServiceAsync("ActiveState"));
        Assert.NotEqual(process, await node.ServiceAsync("MainPID"));
        Assert.Equal(before, await FactsAsync(node));
        Assert.Equal(2, (await site.PublishedAsync(2)).Count);
        await IsGoodAsync(site);
        Assert.Equal(3, (await site.PublishedAsync(3)).Count);
    }

    private static Task<string> FactsAsync(BootedNode node) => node.ShellAsync(
        $"cat {NodeSite.Configuration} /var/lib/perb/installation-id {NodeSite.VzdumpConf}; systemctl is-enabled perb.service; stat -c '%n %U:%G %a' /etc/perb/* /var/lib/perb");

    private async Task StaysStoppedWhenInstalledAgainAsync(BootedNode node)
    {
        await node.RunAsync("systemctl", "stop", "perb.service");
        await node.RunAsync("dpkg", "--install", $"/root/{Path.GetFileName(await packages.LaterAsync())}");
        Assert.Equal("inactive", await node.ServiceAsync("ActiveState"));
        await node.RunAsync("systemctl", "start", "perb.service");
    }

    /// <summary>The newer version may mend what it failed of.</summary>
    private async Task IsStartedByAnUpgradeWhereItHadFailedAsync(BootedNode node)
    {
        await node.RunAsync("mv", NodeSite.Configuration, "/root/configuration");
        await node.WriteAsync(NodeSite.Configuration, "{ broken");
        Assert.NotEqual(0, (await node.TryAsync("systemctl", "restart", "perb.service")).ExitCode);
        Assert.Equal("failed", await node.ServiceAsync("ActiveState"));

        // It fails again: the package is installed all the same, and says where to look.
        var again = (await node.TryAsync("dpkg", "--install", $"/root/{Path.GetFileName(await packages.LaterAsync())}")).Ok();
        Assert.Contains("perb.service does not run", again.Output + again.Errors, StringComparison.Ordinal);
        Assert.Equal("failed", await node.ServiceAsync("ActiveState"));

        await node.RunAsync("mv", "/root/configuration", NodeSite.Configuration);
        await node.RunAsync("dpkg", "--install", $"/root/{Path.GetFileName(await packages.LaterAsync())}");
        Assert.Equal("active", await node.ServiceAsync("ActiveState"));
    }

    private static async Task RemovesAsync(BootedNode node, NodeSite site)
    {
        Assert.Contains(HookLine, await node.RunAsync("cat", NodeSite.VzdumpConf), StringComparison.Ordinal);

        (await node.TryAsync("apt-get", "remove", "-qy", "perb")).Ok();

        Assert.Equal("# vzdump default settings\nbwlimit: 100000", await node.RunAsync("cat", NodeSite.VzdumpConf));
        Assert.False(File.Exists(node.Root + "/usr/lib/perb/vzdump-hook"));
        Assert.Equal("inactive", (await node.TryAsync("systemctl", "is-active", "perb.service")).Output.Trim());
        Assert.True(File.Exists(node.Root + NodeSite.Configuration));
        Assert.True(File.Exists(node.Root + "/var/lib/perb/perb.db"));
        await IsGoodAsync(site);
    }

    private static async Task PurgesAsync(BootedNode node, NodeSite site)
    {
        var remote = await site.RemoteAsync();
        Assert.Equal(4, remote.Split('\n').Count(line => line.EndsWith(".sums", StringComparison.Ordinal)));

        (await node.TryAsync("apt-get", "purge", "-qy", "perb")).Ok();

        // Of the machine's own: the package and what the tests put there, apt's list of installed files, the journal.
        Assert.Equal("", await node.ShellAsync("find / -xdev -name '*perb*' ! -path '/root/*' ! -path '/mnt/*' ! -path '/opt/*' ! -path '/proc/*' ! -path '/tmp/*'"));
        Assert.Equal("", await node.ShellAsync("{ getent passwd perb; getent group perb; grep -r perb /etc/systemd /etc/vzdump.conf; } || :"));
        Assert.Equal(remote, await site.RemoteAsync());
        await IsGoodAsync(site);
    }

    /// <summary>Each of these would leave a vzdump that calls a hook which is not there.</summary>
    [Fact]
    public async Task A_removal_that_would_break_backups_is_refused_and_changes_nothing()
    {
        await image.RequireAsync(Older);
        await using var node = await BootedNode.BootAsync(Older);
        var site = new NodeSite(node);
        await site.StartAsync();
        await node.InstallAsync(await packages.CurrentAsync());
        await site.ConfigureAsync();
        var before = await FactsAsync(node);
        var process = await node.ServiceAsync("MainPID");

        await node.RunAsync("systemd-run", "--quiet", "--unit=worker", "bash", "-c", "exec -a 'task UPID:pve1:00000A1B:00012345:65000000:vzdump:101:root@pam:' sleep infinity");
        await IsRefusedAsync("a vzdump task is running");
        await node.RunAsync("systemctl", "stop", "worker");

        await node.WriteAsync("/etc/pve/jobs.cfg", "vzdump: backup-1\n\tall 1\n\tscript /usr/lib/perb/vzdump-hook\n");
        await IsRefusedAsync("/etc/pve/jobs.cfg", "pvesh set /cluster/backup/ID --delete script");
        await node.WriteAsync("/etc/pve/jobs.cfg", "");

        // A comment is none, and the hook of before comes back.
        await node.WriteAsync("/usr/local/bin/old-hook", "#!/bin/sh\nexit 0\n", "755");
        await node.WriteAsync("/etc/perb/hook.conf", "CHAIN=/usr/local/bin/old-hook\n");
        await node.ShellAsync($"echo '# was: {HookLine}' >>{NodeSite.VzdumpConf}; chmod 640 {NodeSite.VzdumpConf}");
        (await node.TryAsync("apt-get", "remove", "-qy", "perb")).Ok();
        Assert.Equal(
            $"# vzdump default settings\nbwlimit: 100000\nscript: /usr/local/bin/old-hook\n# was: {HookLine}", await node.RunAsync("cat", NodeSite.VzdumpConf));
        Assert.Equal("640", await node.RunAsync("stat", "--format=%a", NodeSite.VzdumpConf));
        await IsGoodAsync(site);

        // Installed again: configuration and store are there, and it is still enabled.
        await node.InstallAsync(await packages.CurrentAsync());
        Assert.Equal("active", await node.ServiceAsync("ActiveState"));
        await site.PublishedAsync(1);

        async Task IsRefusedAsync(params string[] words)
        {
            var refused = await node.TryAsync("apt-get", "remove", "-qy", "perb");
            Assert.NotEqual(0, refused.ExitCode);
            Assert.All(words, word => Assert.Contains(word, refused.Output + refused.Errors, StringComparison.Ordinal));
            Assert.Equal("install ok installed", await node.RunAsync("dpkg-query", "--show", "--showformat=${Status}", "perb"));
            Assert.Equal(process, await node.ServiceAsync("MainPID"));
            Assert.Equal(before, await FactsAsync(node));
        }
    }

    [Theory]
    [MemberData(nameof(NodeImage.Releases), MemberType = typeof(NodeImage))]
    public async Task The_drop_in_reads_archives_of_root_and_not_the_nodes_secrets(string release)
    {
        await image.RequireAsync(release);
        await using var node = await BootedNode.BootAsync(release);
        var site = new NodeSite(node);
        await site.StartAsync();
        await node.InstallAsync(await packages.CurrentAsync());
        await site.ConfigureAsync();
        await node.ShellAsync($"chmod 700 {NodeSite.DumpFolder}; mkdir -p /etc/pve/priv /var/lib/vz/images/100; echo secret >/etc/pve/priv/authkey.key; echo secret >/var/lib/vz/images/100/disk.raw");
        await IsGoodAsync(site);
        await Eventually.HoldsAsync("what cannot be read is told", async () =>
            (await node.RunAsync("perb", "--json", "status")).Contains(NodeSite.DumpFolder, StringComparison.Ordinal));
        Assert.Empty(await site.ListAsync());

        await node.ShellAsync("""
            install -m 644 -t /etc/systemd/system/perb.service.d /usr/share/doc/perb/examples/drop-ins/read-all-archives.conf
            systemctl daemon-reload; systemctl restart perb.service
            """);

        await site.PublishedAsync(1);
        (await node.TryAsync("perb", "doctor")).Ok();
        var process = int.Parse(await node.ServiceAsync("MainPID"), CultureInfo.InvariantCulture);
        Assert.Contains("CapEff:\t0000000000000004\n", await node.RunAsync("cat", $"/proc/{process}/status"), StringComparison.Ordinal);

        // As the service sees it: its mounts, its user, its one capability.
        string[] inside =
        [
            "nsenter", $"--target={process}", "--mount", "--", "setpriv", "--reuid=perb", "--regid=perb", "--clear-groups",
            "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search", "--bounding-set=-all,+dac_read_search",
        ];
        await node.RunAsync([.. inside, "ls", NodeSite.DumpFolder]);
        foreach (var secret in (string[])["/etc/shadow", "/etc/pve/priv/authkey.key", "/root/.gnupg/pubring.kbx", "/var/lib/vz/images/100/disk.raw"])
        {
            await node.RunAsync("test", "-s", secret);
            Assert.Equal("", (await node.TryAsync([.. inside, "cat", secret])).Output); // an empty file stands in its place, or none
        }
    }
}
