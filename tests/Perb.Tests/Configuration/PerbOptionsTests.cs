using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Retention;
using Perb.TestKit;

namespace Perb.Tests.Configuration;

public sealed class PerbOptionsTests
{
    [Fact]
    public void Token_recipients_and_one_remote_are_enough()
    {
        var options = Some.Options();

        Assert.Equal(new Uri("https://127.0.0.1:8006"), options.Proxmox.Url);
        Assert.Equal(TimeSpan.FromSeconds(30), options.Discovery.Poll);
        Assert.Equal(TimeSpan.FromDays(7), options.Discovery.IgnoreOlderThan);
        Assert.Equal(("auto", 1L << 30), (options.Encryption.Packet, options.Encryption.VolumeBytes));
        Assert.Equal(("/var/lib/perb/staging", 8L << 30), (options.Staging.Directory, options.Staging.MaxBytes));
        Assert.Equal("/var/lib/perb/rclone.conf", options.Rclone.ConfigFile);
        Assert.Equal("/var/lib/perb/perb.db", options.StorePath);
        Assert.Equal(new RemoteSection("gdrive", "gdrive:perb", VerifyLevel.Hash), Assert.Single(options.Remotes));
        Assert.Equal(TimeSpan.FromHours(30), options.Rpo);
        Assert.Null(options.Status.Listen);
        Assert.False(options.Status.GuestNames);
        Assert.Null(options.Encryption.SigningKey);
        Assert.Empty(options.Encryption.TrustedSigners);
    }

    [Fact]
    public void Everything_beside_the_state_follows_the_state_directory()
    {
        var options = Some.Options("\"StateDirectory\": \"/srv/perb\"");

        Assert.Equal("/srv/perb/staging", options.Staging.Directory);
        Assert.Equal("/srv/perb/rclone.conf", options.Rclone.ConfigFile);
        Assert.Equal("/srv/perb/perb.db", options.StorePath);
    }

    [Fact]
    public void Retention_has_the_words_and_the_zeros_of_Proxmox()
    {
        var remote = Assert.Single(Some.Options("\"Remotes\": [ { \"Retention\": { \"KeepLast\": 3, \"KeepWeekly\": 4 } } ]").Remotes);

        Assert.Equal(new RetentionPolicy(new KeepRules(3, 0, 0, 4, 0, 0), KeepAtLeast: 2), remote.Retention);
        Assert.Equal("0 30 5 * * ?", remote.PruneSchedule);
    }

    [Theory]
    [InlineData("/etc/perb/signing.asc")]
    [InlineData("signing.asc")]
    public void A_signing_key_is_a_file_or_a_credential(string name)
    {
        var encryption = Some.Options($$"""
            "Encryption": { "SigningKey": "{{name}}", "TrustedSigners": [ "/etc/perb/other.asc" ] }
            """).Encryption;

        Assert.Equal(name, encryption.SigningKey);
        Assert.Equal(["/etc/perb/other.asc"], encryption.TrustedSigners);
    }

    [Fact]
    public void Comments_and_trailing_commas_are_fine()
    {
        var options = PerbOptionsReader.Read(Some.Json(Some.Minimal, """
            // a comment
            { "Perb": { /* another */ "Rpo": "12:00:00", } }
            """));

        Assert.Equal(TimeSpan.FromHours(12), options.Rpo);
    }

    [Fact]
    public void An_override_of_the_rpo_names_guests_and_a_duration()
    {
        var entry = Assert.Single(Some.Options("""
            "RpoOverrides": [ { "Guests": [ "900-999", "lxc" ], "Rpo": "8.00:00:00" } ]
            """).RpoOverrides);

        Assert.Equal(["900-999", "lxc"], entry.Guests.Select(rule => rule.Text));
        Assert.Equal(TimeSpan.FromDays(8), entry.Rpo);
    }

    [Fact]
    public void The_sample_at_the_root_reads_without_fault()
    {
        var options = PerbOptionsReader.Read(Some.Json(Sample));

        Assert.Equal("pve1", options.Proxmox.Node);
    }

    [Fact]
    public void The_defaults_in_the_sample_are_those_of_the_program()
    {
        var sample = PerbOptionsReader.Read(Some.Json(Sample));
        var defaults = Some.Options("\"Proxmox\": { \"Node\": \"pve1\", \"CaFile\": \"/etc/perb/pve-root-ca.pem\" }");

        Assert.Equivalent(defaults, sample, strict: true);
    }

    [Fact]
    public void The_sample_documents_every_key_that_is_read()
    {
        var documented = SampleKeys.In(Sample);
        var asked = PerbOptionsReader.KeysIn(Some.Json(Sample));

        Assert.Equal(documented.Order(StringComparer.Ordinal), asked.Order(StringComparer.Ordinal));
    }

    private static string Sample => File.ReadAllText(Repository.PathOf("appsettings.json"));
}
