namespace Perb.Tests.Configuration;

public sealed class ConfigurationFaultTests
{
    [Theory]
    [InlineData("\"Proxmox\": { \"Url\": \"http://127.0.0.1:8006\" }", "Perb:Proxmox:Url", "\"https://127.0.0.1:8006\"")]
    [InlineData("\"Proxmox\": { \"Url\": \"https://pve1:8006/api2\" }", "Perb:Proxmox:Url", "\"https://127.0.0.1:8006\"")]
    [InlineData("\"Proxmox\": { \"TokenId\": \"perb@pve\" }", "Perb:Proxmox:TokenId", "user@realm!name")]
    [InlineData("\"Proxmox\": { \"TokenId\": \"perb@pve!node=secret\" }", "Perb:Proxmox:TokenId", "user@realm!name")]
    [InlineData("\"Proxmox\": { \"TokenId\": \"\" }", "Perb:Proxmox:TokenId", "is missing")]
    [InlineData("\"Proxmox\": { \"TokenSecretFile\": null }", "Perb:Proxmox:TokenSecretFile", "is missing")]
    [InlineData("\"Proxmox\": { \"Node\": \"pve1/..\" }", "Perb:Proxmox:Node", "/etc/pve/nodes")]
    [InlineData("\"Proxmox\": { \"CaFile\": \"ca.pem\" }", "Perb:Proxmox:CaFile", "an absolute path")]
    [InlineData("\"Proxmox\": { \"Fingerprints\": \"AA:BB\" }", "Perb:Proxmox:Fingerprints", "[ \"AA:BB\" ]")]
    [InlineData("\"Proxmox\": { \"WriteNotes\": \"yes\" }", "Perb:Proxmox:WriteNotes", "true or false")]
    [InlineData("\"Discovery\": { \"Poll\": \"00:00:00\" }", "Perb:Discovery:Poll", "at least 00:00:01")]
    [InlineData("\"Discovery\": { \"Poll\": \"30 seconds\" }", "Perb:Discovery:Poll", "d.hh:mm:ss")]
    [InlineData("\"Discovery\": { \"Poll\": [ \"00:00:30\" ] }", "Perb:Discovery:Poll", "one value")]
    [InlineData("\"Discovery\": { \"Reconcile\": \"7 * * * *\" }", "Perb:Discovery:Reconcile", "cron")]
    [InlineData("\"Discovery\": { \"Storages\": \"local\" }", "Perb:Discovery:Storages", "[ \"local\" ]")]
    [InlineData("\"Discovery\": { \"Include\": [ \"vm 100\" ] }", "Perb:Discovery:Include", "100-199")]
    [InlineData("\"Discovery\": { \"Exclude\": [ \"199-100\" ] }", "Perb:Discovery:Exclude", "100-199")]
    [InlineData("\"Discovery\": { \"Exclude\": [ \"\" ] }", "Perb:Discovery:Exclude:0", "remove it or give a value")]
    [InlineData("\"Discovery\": { \"IgnoreOlderThan\": \"-1.00:00:00\" }", "Perb:Discovery:IgnoreOlderThan", "at least 00:00:00")]
    [InlineData("\"Discovery\": { \"SpoolDirectory\": \"spool\" }", "Perb:Discovery:SpoolDirectory", "an absolute path")]
    [InlineData("\"Encryption\": { \"Recipients\": \"/key.asc\" }", "Perb:Encryption:Recipients", "[ \"/key.asc\" ]")]
    [InlineData("\"Encryption\": { \"Packet\": \"aead\" }", "Perb:Encryption:Packet", "\"auto\" or \"mdc\" or \"ocb\"")]
    [InlineData("\"Encryption\": { \"HideRecipients\": 1 }", "Perb:Encryption:HideRecipients", "true or false")]
    [InlineData("\"Encryption\": { \"VolumeSize\": \"1GB\" }", "Perb:Encryption:VolumeSize", "\"512MiB\"")]
    [InlineData("\"Encryption\": { \"VolumeSize\": \"1023KiB\" }", "Perb:Encryption:VolumeSize", "at least 1.00 MiB")]
    [InlineData("\"Encryption\": { \"SigningKey\": \"keys/signing.asc\" }", "Perb:Encryption:SigningKey", "an absolute path, or the name of a credential")]
    [InlineData("\"Encryption\": { \"TrustedSigners\": \"/node.asc\" }", "Perb:Encryption:TrustedSigners", "[ \"/node.asc\" ]")]
    [InlineData("\"Encryption\": { \"TrustedSigners\": [ \"node.asc\" ] }", "Perb:Encryption:TrustedSigners", "the absolute path of a key file")]
    [InlineData("\"Encryption\": { \"Recipients\": [ \"backups@example.org\" ] }", "Perb:Encryption:Recipients", "the absolute path of a key file")]
    [InlineData("\"Staging\": \"8GiB\"", "Perb:Staging", "an object")]
    [InlineData("\"Staging\": { \"Directory\": \"staging\" }", "Perb:Staging:Directory", "an absolute path")]
    [InlineData("\"Staging\": { \"MaxSize\": \"1GiB\" }", "Perb:Staging:MaxSize", "one sealed volume")]
    [InlineData(
        "\"Staging\": { \"MaxSize\": \"2GiB\" }, \"Remotes\": [ {}, { \"Name\": \"b\", \"Path\": \"b:perb\" } ]", "Perb:Staging:MaxSize", "for each of 2 remote(s)")]
    [InlineData("\"Staging\": { \"MinFree\": \"100%\" }", "Perb:Staging:MinFree", "\"10%\"")]
    [InlineData("\"Staging\": { \"Sealers\": 0 }", "Perb:Staging:Sealers", "from 1 to 64")]
    [InlineData("\"Staging\": { \"Sealers\": 1.5 }", "Perb:Staging:Sealers", "from 1 to 64")]
    [InlineData("\"Rclone\": { \"Program\": { \"x\": 1 }, \"ConfigFile\": null }", "Perb:Rclone:Program", "one value")]
    [InlineData("\"Rclone\": { \"ConfigFile\": \"~/rclone.conf\" }", "Perb:Rclone:ConfigFile", "an absolute path")]
    [InlineData("\"Rclone\": { \"StallTimeout\": \"10m\" }", "Perb:Rclone:StallTimeout", "d.hh:mm:ss")]
    [InlineData("\"Rclone\": { \"Environment\": \"A=B\" }", "Perb:Rclone:Environment", "an object")]
    [InlineData("\"Remotes\": [ { \"Name\": \"my drive\" } ]", "Perb:Remotes:0:Name", "letters, digits, - and _")]
    [InlineData("\"Remotes\": [ { \"Name\": \"../x\" } ]", "Perb:Remotes:0:Name", "letters, digits, - and _")]
    [InlineData("\"Remotes\": [ { \"Path\": \"\" } ]", "Perb:Remotes:0:Path", "is missing")]
    [InlineData("\"Remotes\": [ { \"Verify\": \"md5\" } ]", "Perb:Remotes:0:Verify", "\"hash\" or \"size\" or \"download\"")]
    [InlineData("\"Remotes\": [ { \"Uploads\": 65 } ]", "Perb:Remotes:0:Uploads", "from 1 to 64")]
    [InlineData("\"Remotes\": [ { \"DailyLimit\": \"lots\" } ]", "Perb:Remotes:0:DailyLimit", "a size")]
    [InlineData("\"Remotes\": [ { \"DailyLimit\": \"500MiB\" } ]", "Perb:Remotes:0:DailyLimit", "at least one volume")]
    [InlineData("\"Remotes\": [ { \"BandwidthLimit\": \"fast\" } ]", "Perb:Remotes:0:BandwidthLimit", "a rate such as")]
    [InlineData("\"Remotes\": [ { \"UploadWindow\": \"22-6\" } ]", "Perb:Remotes:0:UploadWindow", "\"22:00-06:00\"")]
    [InlineData("\"Remotes\": [ { \"PruneSchedule\": \"daily\" } ]", "Perb:Remotes:0:PruneSchedule", "cron")]
    [InlineData("\"Remotes\": [ { \"Retention\": \"forever\" } ]", "Perb:Remotes:0:Retention", "an object")]
    [InlineData("\"Remotes\": [ { \"Retention\": { \"KeepLast\": -1 } } ]", "Perb:Remotes:0:Retention:KeepLast", "a whole number from 0")]
    [InlineData("\"Remotes\": [ { \"Retention\": { \"KeepAtLeast\": 0 } } ]", "Perb:Remotes:0:Retention:KeepAtLeast", "a whole number from 1")]
    [InlineData("\"Remotes\": [ {}, { \"Name\": \"gdrive\", \"Path\": \"b:perb\" } ]", "Perb:Remotes", "the Name \"gdrive\" more than once")]
    [InlineData("\"Remotes\": [ {}, { \"Name\": \"b\", \"Path\": \"gdrive:perb/\" } ]", "Perb:Remotes", "the same Path for gdrive and b: give each its own")]
    [InlineData("\"StateDirectory\": \"perb\"", "Perb:StateDirectory", "an absolute path")]
    [InlineData("\"TimeZone\": \"Vienna\"", "Perb:TimeZone", "\"Europe/Vienna\"")]
    [InlineData("\"Rpo\": \"00:00:30\"", "Perb:Rpo", "at least 00:01:00")]
    [InlineData("\"RpoOverrides\": \"none\"", "Perb:RpoOverrides", "a list of objects")]
    [InlineData("\"RpoOverrides\": [ { \"Rpo\": \"8.00:00:00\" } ]", "Perb:RpoOverrides:0:Guests", "is missing")]
    [InlineData("\"RpoOverrides\": [ { \"Guests\": [ \"100\" ] } ]", "Perb:RpoOverrides:0:Rpo", "is missing")]
    [InlineData("\"RpoOverrides\": [ { \"Guests\": [ \"@prod\" ], \"Rpo\": \"8.00:00:00\" } ]", "Perb:RpoOverrides:0:Guests", "pools and tags are not known here")]
    [InlineData("\"Notify\": [ {} ]", "Perb:Notify:0:Kind", "\"mail\" or \"smtp\"")]
    [InlineData("\"Notify\": [ { \"Kind\": \"matrix\", \"Url\": \"https://x/\" } ]", "Perb:Notify:0:Kind", "or \"ping\"")]
    [InlineData("\"Notify\": [ { \"Kind\": \"mail\" } ]", "Perb:Notify:0:To", "a mail address such as")]
    [InlineData("\"Notify\": [ { \"Kind\": \"mail\", \"To\": [ \"-oQ/tmp\" ] } ]", "Perb:Notify:0:To", "a mail address such as")]
    [InlineData("\"Notify\": [ { \"Kind\": \"mail\", \"To\": [ \"root\" ], \"Name\": \"a b\" } ]", "Perb:Notify:0:Name", "1 to 32 letters")]
    [InlineData("\"Notify\": [ { \"Kind\": \"mail\", \"To\": [ \"a\" ] }, { \"Kind\": \"mail\", \"To\": [ \"b\" ] } ]", "Perb:Notify", "the Name \"mail\" more than once")]
    [InlineData("\"Notify\": [ { \"Kind\": \"smtp\", \"To\": [ \"a\" ], \"User\": \"u\" } ]", "Perb:Notify:0:User", "belong together")]
    [InlineData("\"Notify\": [ { \"Kind\": \"smtp\", \"To\": [ \"a\" ], \"Host\": \"mx\", \"StartTls\": false, \"User\": \"u\", \"PasswordFile\": \"p\" } ]", "Perb:Notify:0:StartTls", "where a password is sent")]
    [InlineData("\"Notify\": [ { \"Kind\": \"smtp\", \"To\": [ \"a\" ], \"Host\": \"mx\" } ]", "Perb:Notify:0:From", "a server elsewhere wants")]
    [InlineData("\"Notify\": [ { \"Kind\": \"webhook\" } ]", "Perb:Notify:0:UrlFile", "or Url is missing")]
    [InlineData("\"Notify\": [ { \"Kind\": \"webhook\", \"Url\": \"https://a/\", \"UrlFile\": \"u\" } ]", "Perb:Notify:0:Url", "exclude each other")]
    [InlineData("\"Notify\": [ { \"Kind\": \"webhook\", \"Url\": \"ftp://a/\" } ]", "Perb:Notify:0:Url", "begins with https://")]
    [InlineData("\"Notify\": [ { \"Kind\": \"webhook\", \"Url\": \"https://user:pass@a/\" } ]", "Perb:Notify:0:Url", "begins with https://")]
    [InlineData("\"Notify\": [ { \"Kind\": \"webhook\", \"Url\": \"http://a/\", \"HeaderFile\": \"h\" } ]", "Perb:Notify:0:Url", "only where nothing secret is sent")]
    [InlineData("\"Notify\": [ { \"Kind\": \"webhook\", \"Url\": \"https://a/\", \"Method\": \"GET\" } ]", "Perb:Notify:0:Method", "\"POST\" or \"PUT\"")]
    [InlineData("\"Notify\": [ { \"Kind\": \"gotify\", \"Url\": \"https://a/\" } ]", "Perb:Notify:0:TokenFile", "is missing")]
    [InlineData("\"Notify\": [ { \"Kind\": \"discord\" } ]", "Perb:Notify:0:UrlFile", "which is a secret")]
    [InlineData("\"Notify\": [ { \"Kind\": \"ping\", \"Url\": \"https://a/\", \"Interval\": \"00:00:01\" } ]", "Perb:Notify:0:Interval", "at least 00:01:00")]
    [InlineData("\"Alarms\": { \"Digest\": \"weekly\" }", "Perb:Alarms:Digest", "cron")]
    [InlineData("\"Alarms\": { \"Remind\": \"00:00:01\" }", "Perb:Alarms:Remind", "at least 00:01:00")]
    [InlineData("\"Store\": { \"Provider\": \"postgres\" }", "Perb:Store:Provider", "\"sqlite\"")]
    [InlineData("\"Store\": { \"ConnectionString\": \"Data Source=perb.db\" }", "Perb:Store:ConnectionString", "\"Data Source=/absolute/path/perb.db\"")]
    [InlineData("\"Store\": { \"ConnectionString\": \"Host=db\" }", "Perb:Store:ConnectionString", "\"Data Source=/absolute/path/perb.db\"")]
    public void A_bad_value_is_one_line_with_its_key_and_what_is_allowed(string change, string key, string allowed)
    {
        var fault = Assert.Single(Some.Faults(change), line => line.StartsWith(key + " ", StringComparison.Ordinal));

        Assert.Contains(allowed, fault, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault);
    }

    [Theory]
    [InlineData("\"Discvery\": { \"Poll\": \"00:00:30\" }", "Perb:Discvery")]
    [InlineData("\"Proxmox\": { \"Password\": \"x\" }", "Perb:Proxmox:Password")]
    [InlineData("\"Discovery\": { \"Storage\": [ \"local\" ] }", "Perb:Discovery:Storage")]
    [InlineData("\"Remotes\": [ { \"Verfy\": \"hash\" } ]", "Perb:Remotes:0:Verfy")]
    [InlineData("\"Remotes\": [ { \"Retention\": { \"KeepLats\": 3 } } ]", "Perb:Remotes:0:Retention:KeepLats")]
    [InlineData("\"RpoOverrides\": [ { \"Guest\": 100, \"Guests\": [ \"100\" ], \"Rpo\": \"1.00:00:00\" } ]", "Perb:RpoOverrides:0:Guest")]
    [InlineData("\"Status\": { \"Lissen\": null }", "Perb:Status:Lissen")]
    [InlineData("\"Store\": { \"Password\": \"x\" }", "Perb:Store:Password")]
    public void An_unknown_key_is_an_error_at_every_level(string change, string key) =>
        Assert.Equal($"{key} is not a key that Perb knows: check its spelling against the sample appsettings.json", Assert.Single(Some.Faults(change)));

    [Fact]
    public void An_unknown_key_is_not_hidden_by_a_fault_of_a_longer_one() =>
        Assert.Equal(["Perb:Rpo is", "Perb:Rp is"], Some.Faults("\"Rpo\": \"soon\", \"Rp\": \"soon\"").Select(FirstTwoWords));

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var faults = Some.FaultsOf(Some.Json("""
            { "Perb": { "Proxmox": { "Url": "ftp://x" }, "Discovery": { "Poll": "x" }, "Staging": { "Sealers": "x" }, "Remotes": [ { "Colour": "red" } ] } }
            """));

        Assert.Equal(
            [
                "Perb:Discovery:Poll is", "Perb:Encryption:Recipients is", "Perb:Proxmox:TokenId is", "Perb:Proxmox:TokenSecretFile is",
                "Perb:Proxmox:Url is", "Perb:Remotes:0:Colour is", "Perb:Remotes:0:Name is", "Perb:Remotes:0:Path is", "Perb:Staging:Sealers is",
            ],
            faults.Select(FirstTwoWords).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void An_empty_configuration_names_the_four_things_it_needs() =>
        Assert.Equal(
            ["Perb:Encryption:Recipients is", "Perb:Proxmox:TokenId is", "Perb:Proxmox:TokenSecretFile is", "Perb:Remotes is"],
            Some.FaultsOf(Some.Json("{}")).Select(FirstTwoWords).Order(StringComparer.Ordinal));

    [Fact]
    public void A_hostile_value_is_quoted_bounded_and_without_control_characters()
    {
        var fault = Assert.Single(Some.Faults($"\"Rpo\": \"\\u001b[2J{new string('x', 5000)}\""));

        Assert.InRange(fault.Length, 1, 300);
        Assert.DoesNotContain(fault, char.IsControl);
    }

    private static string FirstTwoWords(string fault) => string.Join(' ', fault.Split(' ').Take(2));
}
