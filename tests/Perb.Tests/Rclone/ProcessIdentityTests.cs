using Microsoft.Extensions.Logging.Abstractions;
using Perb.TestKit;
using Perb.Transfer.Rclone;

namespace Perb.Tests.Rclone;

public sealed class ProcessIdentityTests : IDisposable
{
    private readonly FakeRclone _fake = new();
    private readonly RcloneProgram _rclone;
    private readonly TaskCompletionSource<ProcessIdentity> _started = new();

    public ProcessIdentityTests() =>
        _rclone = new RcloneProgram(_fake.Options, TimeProvider.System, NullLogger<RcloneProgram>.Instance);

    public void Dispose() => _fake.Dispose();

    [Fact]
    public void This_process_is_alive_and_its_text_reads_back()
    {
        var self = ProcessIdentity.Of(Environment.ProcessId);

        Assert.True(self!.IsAlive);
        Assert.True(ProcessIdentity.TryParse(self.ToString(), out var parsed));
        Assert.Equal(self, parsed);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("1:2")]
    [InlineData("-1:2:boot")]
    [InlineData("1:x:boot")]
    [InlineData("1:2:")]
    public void A_text_that_is_none_is_refused(string? text) => Assert.False(ProcessIdentity.TryParse(text, out _));

    [Fact(Timeout = 30_000)]
    public async Task A_survivor_is_ended()
    {
        var (survivor, copying) = await LeaveRunningAsync();

        Assert.True(await _rclone.EndSurvivorAsync(survivor, Token));
        Assert.False(survivor.IsAlive);
        Assert.Equal(RcloneFailure.Killed, (await Assert.ThrowsAsync<RcloneException>(() => copying)).Kind);
        Assert.False(await _rclone.EndSurvivorAsync(survivor, Token));
    }

    [Fact(Timeout = 30_000)]
    public async Task Another_process_with_the_same_number_is_left_alone()
    {
        var (process, copying) = await LeaveRunningAsync();

        Assert.False(await _rclone.EndSurvivorAsync(process with { StartTicks = process.StartTicks - 1 }, Token));
        Assert.False(await _rclone.EndSurvivorAsync(process with { BootId = "another" }, Token));

        Assert.True(process.IsAlive);
        await _rclone.EndSurvivorAsync(process, Token);
        await Assert.ThrowsAsync<RcloneException>(() => copying);
    }

    private async Task<(ProcessIdentity Process, Task Copying)> LeaveRunningAsync()
    {
        _fake.Behaves("copyto", "stubborn");
        var copying = _rclone.CopyToAsync(
            "/staging/a.enc",
            RemotePath.Parse("gdrive:a.enc"),
            TransferLimits.None,
            progress: null,
            process =>
            {
                _started.SetResult(process);
                return Task.CompletedTask;
            },
            Token);
        return (await _started.Task, copying);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
