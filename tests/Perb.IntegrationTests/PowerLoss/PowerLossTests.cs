using CliWrap;
using CliWrap.Buffered;
using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.PowerLoss;

/// <summary>The real program under strace: whatever it does next rests on what is on the disk.</summary>
[Trait("Suite", "long")]
public sealed class PowerLossTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const int Killed = 137;
    private const int Volumes = 3;

    [Fact]
    public async Task Every_name_and_every_fact_is_on_the_disk_before_something_rests_on_it()
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 9 << 20);
        perb.Configure(("Staging:Sealers", 2), ("Remotes:0:Uploads", 2));

        var trace = await TraceAsync(perb, null, expected: 0);

        perb.AssertWhole(name, Volumes);
        AssertDurable(trace);
    }

    [Theory]
    [InlineData("seal-recorded")]
    [InlineData("upload-recorded:2")]
    [InlineData("proof-recorded:3")]
    [InlineData("manifest-placed")]
    public async Task That_holds_across_a_crash(string point)
    {
        await using var perb = await PerbInstallation.StartAsync(key, TestContext.Current.CancellationToken);
        var name = perb.AddArchive(101, TimeSpan.FromHours(1), 9 << 20);

        string[] trace = [.. await TraceAsync(perb, point, Killed), .. await TraceAsync(perb, null, expected: 0)];

        perb.AssertWhole(name, Volumes);
        AssertDurable(trace);
    }

    private static void AssertDurable(string[] trace)
    {
        var audit = DurabilityAudit.Of(trace);
        Assert.True(audit.Faults.Count == 0, string.Join('\n', audit.Faults));

        // Two for the name of each of three volumes, a manifest, perb.json and the installation id; three facts for each volume; the manifest's own.
        Assert.InRange(audit.Checks, (2 * (Volumes + 3)) + (3 * Volumes) + Volumes + 1, 60);
    }

    private static async Task<string[]> TraceAsync(PerbInstallation perb, string? crashAt, int expected)
    {
        var file = perb.PathOf("trace");
        await Strace.RequireAsync();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(5));
        var ended = await new Command("strace")
            .WithArguments(
            [
                "-f", "-y", "-q", "--seccomp-bpf", "-s", "4200", "-o", file,
                "-e", "trace=fsync,fdatasync,pwrite64,pwritev,pwritev2,write,rename,renameat,renameat2,unlink,unlinkat,execve", PerbProcess.Program, "once",
            ])
            .WithEnvironmentVariables(variables => variables.Set("PERB_CONFIG", perb.Configuration).Set("PERB_CRASH_AT", crashAt))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(deadline.Token);
        Assert.True(ended.ExitCode == expected, $"{ended.ExitCode}: {ended.StandardError}");
        return await File.ReadAllLinesAsync(file, deadline.Token);
    }
}
