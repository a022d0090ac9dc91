using System.Text.Json.Nodes;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.BadInput;

/// <summary>Faults of the configuration file and of the secret that it names: 78, one line each, and nothing was begun.</summary>
public sealed class ConfigurationTests(SharedInstallation shared) : IClassFixture<SharedInstallation>
{
    private readonly PerbInstallation _perb = shared.Perb;

    [Fact]
    public async Task All_wrong_missing_and_unknown_keys_are_told_at_once()
    {
        _perb.Configure(
            ("Proxmox:Url", "http://127.0.0.1:8006"),
            ("Proxmox:TokenId", null),
            ("Proxmox:Tokn", "x"),
            ("Discovery:Poll", "often"),
            ("Discovery:Include", new JsonArray("99", "web")),
            ("Discovery:Storages", "local"),
            ("Encryption:Recipients", null),
            ("Encryption:VolumeSize", "4 parsecs"),
            ("Remotes:0:Verify", "maybe"),
            ("Remotes:0:Path", "no colon"),
            ("TimeZone", "Mars/Olympus"),
            ("Retention", "forever"));

        var ended = await RefusedAsync();

        OneLine.Each(
            ended,
            "Perb:Proxmox:Url",
            "Perb:Proxmox:TokenId",
            "Perb:Proxmox:Tokn",
            "Perb:Discovery:Poll",
            "has \"99\"",
            "has \"web\"",
            "Perb:Discovery:Storages",
            "Perb:Encryption:Recipients",
            "Perb:Encryption:VolumeSize",
            "Perb:Remotes:0:Verify",
            "Perb:Remotes:0:Path",
            "Perb:TimeZone",
            "Perb:Retention");
        Assert.All(
            ended.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.StartsWith($"perb: {_perb.Configuration}: ", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{ \"Perb\": { \"Proxmox\": ")]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("{ \"Perb\": { \"Rpo\": \"1.00:00:00\", \"Rpo\": \"2.00:00:00\" } }")]
    public async Task A_broken_file_is_named(string text)
    {
        _perb.WriteConfiguration(text);

        OneLine.In(await RefusedAsync(), _perb.Configuration, "not valid JSON");
    }

    [Fact]
    public async Task A_fault_in_the_JSON_is_told_with_its_line()
    {
        _perb.WriteConfiguration("{\n  \"Perb\": {\n    \"Rpo\" \"1.00:00:00\"\n  }\n}");

        OneLine.In(await RefusedAsync(), "line 3");
    }

    [Fact]
    public async Task An_empty_section_lacks_what_is_required()
    {
        _perb.WriteConfiguration("{ \"Perb\": {} }");

        OneLine.Each(
            await RefusedAsync(), "Perb:Proxmox:TokenId", "Perb:Proxmox:TokenSecretFile", "Perb:Encryption:Recipients", "Perb:Remotes");
    }

    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public async Task A_file_that_others_can_write_is_refused(UnixFileMode others)
    {
        _perb.Configure();
        File.SetUnixFileMode(_perb.Configuration, UnixFileMode.UserRead | UnixFileMode.UserWrite | others);

        OneLine.In(await RefusedAsync(), _perb.Configuration, "chmod go-w");
    }

    [Fact]
    public async Task Every_file_that_others_could_turn_against_it_is_told_at_once()
    {
        string[] files = ["key.asc", "ca.pem", "rclone.conf"];
        var paths = files.Select(name => _perb.WriteSecret($"open-{name}", "x")).ToArray();
        Assert.All(paths, path => File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.OtherWrite));
        _perb.Configure(
            ("Encryption:Recipients", new JsonArray(paths[0])), ("Proxmox:CaFile", paths[1]), ("Rclone:ConfigFile", paths[2]));

        OneLine.Each(await RefusedAsync(), [.. paths.Select(path => $"chmod go-w {path}")]);
    }

    [Fact]
    public async Task A_directory_or_nothing_in_its_place_is_named()
    {
        foreach (var path in (string[])["/", _perb.PathOf("nothing.json"), _perb.PathOf("no", "such", "folder.json")])
        {
            var ended = await _perb.RunAsync("once", "--config", path);
            Assert.Equal(78, ended.ExitCode);
            OneLine.In(ended, path);
        }
    }

    [Theory]
    [InlineData("", "must hold the secret alone")]
    [InlineData(" \n", "must hold the secret alone")]
    [InlineData("two words", "must hold the secret alone")]
    [InlineData("ключ", "secret")]
    public async Task A_secret_that_cannot_be_one_is_refused_without_being_shown(string content, string expected)
    {
        _perb.Configure(("Proxmox:TokenSecretFile", _perb.WriteSecret("odd-token", content)));

        var ended = await RefusedAsync();

        OneLine.In(ended, _perb.PathOf("odd-token"), expected);
        Assert.False(content.Length > 3 && ended.Errors.Contains(content, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_secret_that_is_missing_unreadable_or_open_to_others_is_named()
    {
        _perb.Configure(("Proxmox:TokenSecretFile", _perb.PathOf("no-token")));
        OneLine.In(await RefusedAsync(), "Perb:Proxmox:TokenSecretFile", _perb.PathOf("no-token"));

        // A directory: root may read any file.
        _perb.Configure(("Proxmox:TokenSecretFile", _perb.FolderOf("folder")));
        OneLine.In(await RefusedAsync(), "Perb:Proxmox:TokenSecretFile", _perb.PathOf("folder"));

        _perb.Configure(("Proxmox:TokenSecretFile", _perb.WriteSecret("open", _perb.Secret)));
        File.SetUnixFileMode(_perb.PathOf("open"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        OneLine.In(await RefusedAsync(), "Perb:Proxmox:TokenSecretFile", $"chmod 600 {_perb.PathOf("open")}");
    }

    [Theory]
    [InlineData("Staging:Directory", "/proc/perb-staging")]
    [InlineData("StateDirectory", "/proc/perb-state")]
    [InlineData("Store:ConnectionString", "Data Source=/proc/perb.db")]
    public async Task A_place_that_cannot_be_written_is_named(string key, string value)
    {
        _perb.Configure((key, value));

        OneLine.In(await RefusedAsync(), value[(value.IndexOf('=', StringComparison.Ordinal) + 1)..]);
    }

    private async Task<Ended> RefusedAsync()
    {
        var ended = await _perb.RunAsync("once");
        Assert.True(ended.ExitCode == 78, $"{ended.ExitCode}: {ended.Errors}");
        Assert.Empty(_perb.Objects());
        return ended;
    }
}
