using Perb.Scheduler.Configuration;

namespace Perb.Tests.Configuration;

/// <summary>Alone, since the environment belongs to the whole process.</summary>
[CollectionDefinition(nameof(ProcessEnvironment), DisableParallelization = true)]
public sealed class ProcessEnvironment;

[Collection(nameof(ProcessEnvironment))]
public sealed class ConfigurationFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-configuration-");
    private readonly List<string> _variables = [];

    public void Dispose()
    {
        _variables.ForEach(name => Environment.SetEnvironmentVariable(name, null));
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void A_good_file_loads()
    {
        var file = Write("appsettings.json", Some.Minimal);

        var settings = Settings.Load(file);

        Assert.Equal(file, settings.File);
        Assert.Equal("perb@pve!node", settings.Options.Proxmox.TokenId);
    }

    [Fact]
    public void A_variable_of_the_environment_overrides_the_file()
    {
        Set("Perb__Discovery__Poll", "00:00:05");

        Assert.Equal(TimeSpan.FromSeconds(5), Settings.Load(Write("appsettings.json", Some.Minimal)).Options.Discovery.Poll);
    }

    [Fact]
    public void A_misspelt_variable_is_an_unknown_key()
    {
        Set("Perb__Discovery__Pol", "00:00:05");
        var file = Write("appsettings.json", Some.Minimal);

        Assert.StartsWith($"{file}: Perb:Discovery:Pol is not a key that Perb knows", OnlyFault(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ \"Perb\": {", "line 1")]
    [InlineData("{\n  \"Perb\": x\n}", "line 2")]
    [InlineData("", "is not valid JSON")]
    [InlineData("[]", "is not valid JSON")]
    [InlineData("{ \"Perb\": { \"Rpo\": \"1.00:00:00\", \"rpo\": \"2.00:00:00\" } }", "Perb:rpo")]
    public void Broken_JSON_is_one_line_that_says_where(string text, string expected)
    {
        var fault = OnlyFault(Write("appsettings.json", text));

        Assert.Contains("appsettings.json is not valid JSON: ", fault, StringComparison.Ordinal);
        Assert.Contains(expected, fault, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault);
    }

    [Fact]
    public void A_missing_file_says_how_to_name_one()
    {
        var file = Path.Combine(_folder.FullName, "none", "appsettings.json");

        Assert.Equal($"{file}: there is no such file; name one with --config or $PERB_CONFIG", OnlyFault(file));
    }

    [Fact]
    public void A_directory_is_no_configuration() => Assert.StartsWith(_folder.FullName, OnlyFault(_folder.FullName), StringComparison.Ordinal);

    [Fact]
    public void An_unreadable_file_is_one_clear_line()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "root reads everything");
        var file = Write("appsettings.json", Some.Minimal, UnixFileMode.None);

        Assert.StartsWith($"{file}: ", OnlyFault(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_file_that_others_can_write_is_refused(UnixFileMode others)
    {
        var file = Write("appsettings.json", Some.Minimal, UnixFileMode.UserRead | UnixFileMode.UserWrite | others);

        Assert.EndsWith($"chmod go-w {file}", OnlyFault(file), StringComparison.Ordinal);
    }

    [Fact]
    public void The_command_line_wins_over_the_variable_and_that_over_the_default()
    {
        Assert.Equal("/etc/perb/appsettings.json", ConfigurationFile.Locate(null));
        Set("PERB_CONFIG", "/a.json");
        Assert.Equal("/a.json", ConfigurationFile.Locate(null));
        Assert.Equal("/b.json", ConfigurationFile.Locate("/b.json"));
    }

    [Fact]
    public void A_secret_is_its_file_without_the_line_end()
    {
        var file = Write("token", "1234-abcd\n");

        Assert.Equal("1234-abcd", SecretFile.Read("Key", file, "/etc/perb/appsettings.json"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n")]
    [InlineData("one\ntwo\n")]
    [InlineData("one two")]
    public void A_secret_that_is_not_one_word_is_refused(string text)
    {
        var file = Write("token", text);

        Assert.Equal($"Key: {file} must hold the secret alone, on one line", SecretFault(file));
    }

    [Fact]
    public void An_endless_secret_is_refused() =>
        Assert.EndsWith("must hold the secret alone, on one line", SecretFault(Write("token", new string('x', 5000))), StringComparison.Ordinal);

    [Theory]
    [InlineData(UnixFileMode.OtherRead, true)]
    [InlineData(UnixFileMode.OtherWrite, true)]
    [InlineData(UnixFileMode.GroupWrite, true)]
    [InlineData(UnixFileMode.GroupRead, false)]
    public void A_secret_that_is_open_to_others_is_refused(UnixFileMode others, bool refused)
    {
        var file = Write("token", "secret", UnixFileMode.UserRead | UnixFileMode.UserWrite | others);

        Assert.Equal(
            refused ? $"Key: {file} is open to others: chmod 600 {file}" : "secret",
            refused ? SecretFault(file) : SecretFile.Read("Key", file, ""));
    }

    [Fact]
    public void A_missing_secret_names_its_key_and_path() =>
        Assert.Equal($"Key: {_folder.FullName}/none is not there; give the absolute path of a file", SecretFault($"{_folder.FullName}/none"));

    [Fact]
    public void A_name_without_slash_is_a_credential_of_systemd_or_lies_beside_the_configuration()
    {
        Write("token", "beside");
        var configuration = Path.Combine(_folder.FullName, "appsettings.json");
        Set("CREDENTIALS_DIRECTORY", _folder.CreateSubdirectory("credentials").FullName);

        Assert.Equal("beside", SecretFile.Read("Key", "token", configuration));

        Write("credentials/token", "credential");
        Assert.Equal("credential", SecretFile.Read("Key", "token", configuration));
    }

    private static string OnlyFault(string file) =>
        Assert.Single(Assert.Throws<ConfigurationException>(() => Settings.Load(file)).Faults);

    private static string SecretFault(string file) =>
        Assert.Single(Assert.Throws<ConfigurationException>(() => SecretFile.Read("Key", file, "/etc/perb/appsettings.json")).Faults);

    private void Set(string name, string value)
    {
        Environment.SetEnvironmentVariable(name, value);
        _variables.Add(name);
    }

    private string Write(string name, string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, mode);
        return path;
    }
}
