using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Tests.Configuration;
using Perb.Tests.Discovery;
using Perb.Tests.Store;
using Perb.Transfer.Rclone;

namespace Perb.Tests.Pipeline;

public sealed class TakeOverTests : IAsyncLifetime
{
    private const string Volume = "100-2026_11_20-02_00_01.enc";

    private static readonly Remote[] Remotes =
        [new("r", RemotePath.Parse("r:perb"), VerifyLevel.Hash, new TransferLimits(null)), new("s", RemotePath.Parse("s:perb"), VerifyLevel.Hash, new TransferLimits(null))];

    private TestStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        await _store.AddAsync(Archives.Found());
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task The_rclone_of_an_earlier_life_is_ended_before_anything_is_sent_again()
    {
        using var survivor = Process.Start("sleep", ["60"]);
        await _store.Claims.NoteUploaderAsync(await _store.ClaimAsync(), "a", ProcessIdentity.Of(survivor.Id)!.ToString()!);

        await TakeOver().RunAsync(TestStore.Stop);

        Assert.True(survivor.HasExited);
    }

    [Fact]
    public async Task An_rclone_that_cannot_be_ended_is_trouble_of_its_remote_and_keeps_nothing_else_from_beginning()
    {
        var claim = await _store.ClaimAsync();
        await _store.Claims.NoteUploaderAsync(claim, "a", ProcessIdentity.Of(Environment.ProcessId)!.ToString());
        var hanging = TakeOver(endSurvivor: (_, _) => throw new RcloneException(RcloneFailure.Killed, "it hangs in the kernel"));

        await hanging.RunAsync(TestStore.Stop);

        Assert.Equal([("remote r", "it hangs in the kernel")], (await _store.Status.TroublesAsync(TestStore.Stop)).Select(one => (one.Subject, one.Text)));
        Assert.NotNull(await _store.Claims.ClaimNextAsync("r", null, TestStore.Stop));
        Assert.NotNull(await _store.Claims.UploaderOfAsync(claim, "a", TestStore.Stop)); // asked again before this object is sent
    }

    [Fact]
    public async Task Claims_of_an_earlier_life_are_void()
    {
        await _store.ClaimAsync();
        Assert.Null(await _store.Claims.ClaimNextAsync("r", null, TestStore.Stop));

        await TakeOver().RunAsync(TestStore.Stop);

        Assert.NotNull(await _store.Claims.ClaimNextAsync("r", null, TestStore.Stop));
    }

    [Fact]
    public async Task A_process_that_took_the_number_of_an_rclone_is_not_harmed()
    {
        using var other = Process.Start("sleep", ["60"]);
        await _store.Claims.NoteUploaderAsync(await _store.ClaimAsync(), "a", (ProcessIdentity.Of(other.Id)! with { StartTicks = 1 }).ToString());

        await TakeOver().RunAsync(TestStore.Stop);

        Assert.False(other.HasExited);
        other.Kill();
    }

    [Fact]
    public async Task Staging_is_made_and_what_no_record_speaks_of_is_swept_in_every_remotes_folder()
    {
        var staging = Staging();
        staging.Create();
        foreach (var remote in Remotes)
        {
            await File.WriteAllTextAsync(staging.PathOf(remote.Name, Volume), "x", TestStore.Stop);
        }

        await _store.ExecuteAsync($"INSERT INTO volume (backup_id, number, name, size_bytes, sha256, sealed_at) SELECT id, 1, '{Volume}', 1, 'aa', discovered_at FROM backup");

        await TakeOver().RunAsync(TestStore.Stop);

        Assert.True(File.Exists(staging.PathOf("r", Volume)));
        Assert.False(File.Exists(staging.PathOf("s", Volume)));
    }

    [Fact]
    public async Task Staging_that_cannot_be_used_is_a_fault_of_the_configuration()
    {
        await File.WriteAllTextAsync(Path.Combine(_store.Folder, "staging"), "", TestStore.Stop);

        var exception = await Assert.ThrowsAsync<ConfigurationException>(() => TakeOver().RunAsync(TestStore.Stop));

        Assert.Contains("Perb:Staging:Directory cannot be used", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backups_for_a_remote_that_is_no_longer_configured_are_one_trouble_and_other_troubles_of_such_remotes_end()
    {
        var waiting = await _store.AddAsync(Archives.Found(), "usb");
        foreach (var subject in (string[])["remote usb", "remote gone", "prune of gone", "staging for r", "remote r", "storage nas"])
        {
            await _store.Status.RaiseAsync(subject, "before", TestStore.Stop);
        }

        await TakeOver().RunAsync(TestStore.Stop);

        Assert.Equal(
            [
                ("remote r", "before"),
                ("remote usb", $"is not in the configuration any more; 1 backup(s) wait for it: put it back, or perb skip {waiting}"),
                ("storage nas", "before"),
            ],
            (await _store.Status.TroublesAsync(TestStore.Stop)).Select(trouble => (trouble.Subject, trouble.Text)).Order());
    }

    [Fact]
    public async Task More_to_be_kept_free_than_the_disk_has_is_a_fault_of_the_configuration()
    {
        var exception = await Assert.ThrowsAsync<ConfigurationException>(() => TakeOver(new FreeSpaceFloor(long.MaxValue / 2, 0)).RunAsync(TestStore.Stop));

        Assert.StartsWith("Perb:Staging:MinFree keeps ", exception.Message, StringComparison.Ordinal);
    }

    private TakeOver TakeOver(FreeSpaceFloor? floor = null, Func<ProcessIdentity, CancellationToken, Task<bool>>? endSurvivor = null)
    {
        var rclone = new RcloneProgram(new RcloneOptions { ConfigFile = "/none" }, TimeProvider.System, NullLogger<RcloneProgram>.Instance);
        var troubles = new Troubles(_store.Status, NullLogger<Troubles>.Instance);
        return new TakeOver(
            _store.Claims,
            _store.Pipeline,
            rclone,
            Staging(floor),
            Remotes,
            new UnconfiguredRemotes(_store.Status, troubles, Options),
            troubles,
            NullLogger<TakeOver>.Instance)
        {
            EndSurvivor = endSurvivor ?? rclone.EndSurvivorAsync,
        };
    }

    private static PerbOptions Options => Some.Options() with
    {
        Remotes = [.. Remotes.Select(remote => new RemoteSection(remote.Name, $"{remote.Name}:perb", VerifyLevel.Hash))],
    };

    private StagingArea Staging(FreeSpaceFloor? floor = null) => new(
        new StagingSection(Path.Combine(_store.Folder, "staging"), 1 << 20, floor ?? new FreeSpaceFloor(0, 0), 1), Remotes, NullLogger<StagingArea>.Instance);
}
