using CliWrap;
using CliWrap.Buffered;
using Perb.IntegrationTests.Installation;

namespace Perb.IntegrationTests.MainJob;

/// <summary>What the program leaves on the node's disk is its user's alone, whatever the umask of whoever calls it.</summary>
public sealed class FileModeTests(SharedInstallation shared) : IClassFixture<SharedInstallation>
{
    private const UnixFileMode FileOfOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode DirectoryOfOwner = FileOfOwner | UnixFileMode.UserExecute;

    private readonly PerbInstallation _perb = shared.Perb;

    [Fact]
    public async Task A_caller_without_umask_opens_nothing_to_others()
    {
        var state = _perb.PathOf("state of its own");

        await OnceAsync(state);

        Assert.Equal(DirectoryOfOwner, File.GetUnixFileMode(state));
        string[] files = ["perb.db", "perb.lock", "installation-id", Path.Combine("log", LogOf(state))];
        Assert.All(files, file => Assert.Equal(FileOfOwner, File.GetUnixFileMode(Path.Combine(state, file))));
    }

    [Fact]
    public async Task A_state_directory_that_is_there_keeps_its_mode()
    {
        var mode = DirectoryOfOwner | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
        var state = Directory.CreateDirectory(_perb.PathOf("state of the package")).FullName;
        File.SetUnixFileMode(state, mode);

        await OnceAsync(state);

        Assert.Equal(mode, File.GetUnixFileMode(state));
        Assert.Equal(FileOfOwner, File.GetUnixFileMode(Path.Combine(state, "perb.db")));
    }

    private static string LogOf(string state) => Path.GetFileName(Assert.Single(Directory.EnumerateFiles(Path.Combine(state, "log"))));

    private async Task OnceAsync(string state)
    {
        _perb.Configure(
            ("StateDirectory", state),
            ("Store:ConnectionString", $"Data Source={state}/perb.db"),
            ("Remotes:0:Path", $"offsite:{_perb.FolderOf($"remote of {Path.GetFileName(state)}")}"));
        var ended = await new Command("bash")
            .WithArguments(["-c", "umask 000; exec \"$0\" \"$@\"", PerbProcess.Program, "once", "--config", _perb.Configuration])
            .WithEnvironmentVariables(variables => variables.Set("LOGS_DIRECTORY", null))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(TestContext.Current.CancellationToken);
        Assert.True(ended.ExitCode == 0, ended.StandardError);
    }
}
