using CliWrap;
using CliWrap.Buffered;
using Perb.IntegrationTests.Hook;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.BadInput;

/// <summary>Who may not read what is the service's is told that, and not that it is missing.</summary>
public sealed class OtherUserTests(SharedKey key) : IClassFixture<SharedKey>
{
    [Fact]
    public async Task A_configuration_and_a_store_of_others_are_not_called_missing()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, HookUnderTest.NeedsRoot);
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        (await perb.RunAsync("once")).Ok();

        await SaysAsync(perb, $"{perb.Configuration} cannot be read by nobody", "runuser -u perb -- perb status");

        HookUnderTest.Run("chmod", ["755", perb.PathOf()]);
        HookUnderTest.Run("chmod", ["644", perb.Configuration]);
        await SaysAsync(perb, $"the store {perb.Store} cannot be read by nobody", "runuser -u perb -- perb status");
    }

    private static async Task SaysAsync(PerbInstallation perb, params string[] words)
    {
        var result = await new Command("runuser")
            .WithArguments(["-u", "nobody", "--", PerbProcess.Program, "--config", perb.Configuration, "status"])
            .WithWorkingDirectory("/")
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(TestContext.Current.CancellationToken);

        Assert.Equal(78, result.ExitCode);
        OneLine.In(new Ended(result.ExitCode, result.StandardOutput, result.StandardError), words);
    }
}
