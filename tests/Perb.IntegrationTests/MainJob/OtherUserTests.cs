using System.Text.Json.Nodes;
using CliWrap;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.MainJob;

/// <summary>The service has a user of its own, and root types commands.</summary>
[Trait("Suite", "long")]
public sealed class OtherUserTests(SharedKey key) : IClassFixture<SharedKey>
{
    private static readonly string[] AsNobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"];

    [Fact]
    public async Task Commands_of_root_serve_beside_the_service_and_never_lock_it_out()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        await GiveToNobodyAsync(perb);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1));
        await OwnAsync(perb);
        perb.Under = AsNobody;
        await using (var service = perb.Run())
        {
            await service.SaysAsync($"Published {name}");
            perb.Under = [];

            Assert.Equal(75, (await perb.RunAsync("once")).ExitCode);
            foreach (var command in (string[][])[["status"], ["list"], ["show", "1"], ["retry", "--all"]])
            {
                var ended = await perb.RunAsync(command);
                Assert.True(ended.ExitCode == 0, $"{command[0]}: {ended.ExitCode} {ended.Errors}");
            }

            AssertNothingOfRoots(perb);
            Assert.Equal(0, await service.TerminateAsync());
        }

        var later = perb.AddArchive(102, TimeSpan.FromHours(1));
        await OwnAsync(perb);
        foreach (var command in (string[][])[["once"], ["retry", "1"], ["skip", "1"], ["verify"], ["prune"], ["rebuild"], ["recovery-sheet"], ["status"]])
        {
            var alone = await perb.RunAsync(command);
            Assert.True(alone.ExitCode is 0 or 2, $"{command[0]}: {alone.ExitCode} {alone.Errors}");
            AssertNothingOfRoots(perb);
        }

        Assert.Contains($"{later}.sums", perb.Objects());
        perb.Under = AsNobody;
        (await perb.RunAsync("once")).Ok();
    }

    private static async Task GiveToNobodyAsync(PerbInstallation perb)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can run a program as another user");
        File.Copy(perb.RecipientFile, perb.PathOf("recipient.asc"));
        perb.Configure(("Encryption:Recipients", new JsonArray(perb.PathOf("recipient.asc"))));
        Directory.CreateDirectory(perb.State);
        await OwnAsync(perb);
        var tried = await new Command(AsNobody[0]).WithArguments([.. AsNobody.Skip(1), PerbProcess.Program, "--version"])
            .WithValidation(CommandResultValidation.None).ExecuteAsync(TestContext.Current.CancellationToken);
        Assert.SkipUnless(tried.ExitCode == 0, "nobody may not run the built program here");
    }

    private static async Task OwnAsync(PerbInstallation perb) =>
        await new Command("chown").WithArguments(["-R", "nobody:nogroup", perb.PathOf()]).ExecuteAsync(TestContext.Current.CancellationToken);

    private static void AssertNothingOfRoots(PerbInstallation perb) => Assert.All(
        Directory.EnumerateFileSystemEntries(perb.State, "*", SearchOption.AllDirectories),
        path => Assert.True(Perb.Transfer.Posix.FileFacts.At(path) is null or { Owner: not 0 }, $"{path} belongs to root"));
}
