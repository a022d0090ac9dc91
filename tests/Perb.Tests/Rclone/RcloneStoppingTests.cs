using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Perb.TestKit;
using Perb.Transfer.Rclone;

namespace Perb.Tests.Rclone;

/// <summary>Time stands still here unless a test moves it: only the real end of a process lets these tests go on.</summary>
public sealed class RcloneStoppingTests : IDisposable
{
    private const string Moving = """
        {"level":"warning","msg":"\nTransferred: …","stats":{"bytes":552960,"elapsedTime":0.5,"errors":0,"eta":4,"speed":1103007.5,"totalBytes":3000000},"time":"2026-11-20T02:00:01+00:00"}

        """;

    private static readonly RemotePath File = RemotePath.Parse("gdrive:perb/a.enc");

    private readonly FakeRclone _fake = new();
    private readonly FakeTimeProvider _time = new();
    private readonly FirstReport _report = new();
    private readonly RcloneProgram _rclone;
    private ProcessIdentity? _process;

    public RcloneStoppingTests() =>
        _rclone = new RcloneProgram(_fake.Options, _time, NullLogger<RcloneProgram>.Instance);

    public void Dispose() => _fake.Dispose();

    [Fact(Timeout = 30_000)]
    public async Task Progress_is_reported()
    {
        _fake.Answers("copyto", stderr: Moving + Moving.Replace("\"eta\":4", "\"eta\":null") + Moving.Replace("\"eta\":4", "\"eta\":1e300"));

        await CopyAsync(TestContext.Current.CancellationToken);

        var first = new TransferProgress(552960, 3000000, 1103007.5, TimeSpan.FromSeconds(4));
        Assert.Equal([first, first with { Eta = null }, first with { Eta = null }], _report.All);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_hang_ends_as_stalled()
    {
        _fake.Answers("copyto", stderr: Moving).Behaves("copyto", "hang");
        var copying = CopyAsync(TestContext.Current.CancellationToken);
        await _report.Arrived;

        _time.Advance(_fake.Options.StallTimeout);

        var e = await Assert.ThrowsAsync<RcloneException>(() => copying);
        Assert.Equal((RcloneFailure.Stalled, true, null), (e.Kind, e.IsTransient, e.ExitCode));
        Assert.Contains("nothing moved for 00:10:00 (Rclone:StallTimeout)", e.Message, StringComparison.Ordinal);
        Assert.False(_process!.IsAlive);
    }

    [Fact(Timeout = 30_000)]
    public async Task Statistics_without_a_byte_more_are_no_sign_of_life()
    {
        _fake.Answers("copyto", stderr: Moving + Moving + Moving).Behaves("copyto", "hang");
        var report = new AdvanceOnReport(_time, _fake.Options.StallTimeout / 2);

        // Each report lets half the timeout pass, and only the first brings bytes.
        var e = await Assert.ThrowsAsync<RcloneException>(() => _rclone.CopyToAsync(
            "/staging/a.enc", File, TransferLimits.None, report, null, TestContext.Current.CancellationToken));

        Assert.Equal(RcloneFailure.Stalled, e.Kind);
    }

    [Fact(Timeout = 30_000)]
    public async Task Every_byte_more_restarts_the_stall_timeout()
    {
        var lines = Enumerable.Range(1, 10).Select(n => $$$"""{"stats":{"bytes":{{{n}}}}}""");
        _fake.Answers("copyto", stderr: string.Join('\n', lines));
        var report = new AdvanceOnReport(_time, _fake.Options.StallTimeout / 2);

        await _rclone.CopyToAsync("/staging/a.enc", File, TransferLimits.None, report, null, TestContext.Current.CancellationToken);

        Assert.Equal(10, report.Count);
    }

    [Fact(Timeout = 30_000)]
    public async Task Cancelling_interrupts_and_lets_rclone_tidy_up()
    {
        using var cancellation = new CancellationTokenSource();
        _fake.Answers("copyto", stderr: Moving).Behaves("copyto", "tidy");
        var copying = CopyAsync(cancellation.Token);
        await _report.Arrived;

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => copying);
        Assert.True(_fake.HasTidied("copyto"));
        Assert.False(_process!.IsAlive);
    }

    [Fact(Timeout = 30_000)]
    public async Task What_ignores_the_interrupt_is_killed_after_the_grace_period()
    {
        using var cancellation = new CancellationTokenSource();
        _fake.Answers("copyto", stderr: Moving).Behaves("copyto", "stubborn");
        var copying = CopyAsync(cancellation.Token);
        await _report.Arrived;

        await cancellation.CancelAsync();
        Assert.True(_process!.IsAlive);
        Assert.False(copying.IsCompleted);
        _time.Advance(_fake.Options.GracePeriod);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => copying);
        Assert.False(_process.IsAlive);
    }

    [Fact(Timeout = 30_000)]
    public async Task Nothing_is_started_once_cancelled()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CopyAsync(new CancellationToken(canceled: true)));

        Assert.False(_fake.HasRun("copyto"));
    }

    [Fact(Timeout = 30_000)]
    public async Task Being_killed_from_outside_is_transient()
    {
        _fake.Behaves("copyto", "die");

        var e = await Assert.ThrowsAsync<RcloneException>(() => CopyAsync(TestContext.Current.CancellationToken));

        Assert.Equal((RcloneFailure.Killed, true, 137), (e.Kind, e.IsTransient, e.ExitCode));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_copy_whose_process_cannot_be_recorded_is_stopped()
    {
        _fake.Behaves("copyto", "hang");

        await Assert.ThrowsAsync<InvalidOperationException>(() => _rclone.CopyToAsync(
            "/staging/a.enc",
            File,
            TransferLimits.None,
            progress: null,
            process =>
            {
                _process = process;
                throw new InvalidOperationException("the store is gone");
            },
            TestContext.Current.CancellationToken));

        Assert.False(_process!.IsAlive);
    }

    private Task CopyAsync(CancellationToken cancellationToken) => _rclone.CopyToAsync(
        "/staging/a.enc",
        File,
        TransferLimits.None,
        _report,
        process =>
        {
            _process = process;
            return Task.CompletedTask;
        },
        cancellationToken);

    private sealed class AdvanceOnReport(FakeTimeProvider time, TimeSpan step) : IProgress<TransferProgress>
    {
        public int Count { get; private set; }

        public void Report(TransferProgress value)
        {
            Count++;
            time.Advance(step);
        }
    }
}
