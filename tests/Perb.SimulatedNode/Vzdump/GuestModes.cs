using Perb.Simulation.Guests;
using Perb.Simulation.Tasks;

namespace Perb.Simulation.Vzdump;

/// <summary>
/// How a guest is brought to rest for its backup, and back (facts: PVE 1.4). The mode that hooks see is the EFFECTIVE one:
/// a guest that does not run is backed up in <c>stop</c>, a container without snapshots in <c>suspend</c>.
/// </summary>
internal sealed class GuestModes(Worker worker, VzdumpHook hook, int vmid)
{
    private DateTimeOffset? _stopped;
    private bool _resume;
    private bool _restart;

    public string Mode { get; set; } = "snapshot";

    public async Task PrepareAsync(Guest guest, HookFacts facts)
    {
        var wanted = guest.Running ? Mode : "stop";
        if (wanted == "snapshot")
        {
            Describe(guest, facts);
            if (guest is { Type: GuestType.Lxc, CanSnapshot: false })
            {
                worker.Info("mode failure - some volumes do not support snapshots");
                worker.Info("trying 'suspend' mode instead");
                wanted = "suspend";
            }
        }

        Mode = wanted;
        worker.Info($"backup mode: {Mode}");
        worker.Info("ionice priority: 7");
        if (Mode != "snapshot")
        {
            Describe(guest, facts);
        }

        await hook.RunAsync("backup-start", Mode, vmid, facts);
        if (guest.Running)
        {
            await (Mode switch
            {
                "snapshot" => SnapshotAsync(guest, facts),
                "suspend" => SuspendAsync(guest, facts),
                _ => StopAsync(facts),
            });
        }
        else if (guest.Type == GuestType.Qemu)
        {
            worker.Info("starting kvm to execute backup task");
        }
    }

    /// <summary>
    /// After the guest was unlocked. A failing hook here is one line in the log: pre-restart then leaves the guest down,
    /// and the task may still end OK.
    /// </summary>
    public async Task BringBackAsync(HookFacts facts)
    {
        if (!_resume && !_restart)
        {
            return;
        }

        try
        {
            await hook.RunAsync("pre-restart", Mode, vmid, facts);
            worker.Info(_resume ? "resume vm" : "restarting vm");
            worker.Node.Guests.Change(vmid, guest => guest with { Running = true });
            await hook.RunAsync("post-restart", Mode, vmid, facts);
            LogOnlineAgain();
        }
        catch (TaskFailedException failure)
        {
            worker.Task.Log(failure.Message);
        }
    }

    private void Describe(Guest guest, HookFacts facts)
    {
        facts.HostName = guest.Name;
        if (guest.Type == GuestType.Lxc)
        {
            worker.Info($"CT Name: {guest.Name}");
            worker.Info("including mount point rootfs ('/') in backup");
            return;
        }

        worker.Info($"VM Name: {guest.Name}");
        var size = File.Exists(guest.DataPath) ? new FileInfo(guest.DataPath).Length : 0;
        worker.Info($"include disk 'scsi0' 'local:{vmid}/{Path.GetFileName(guest.DataPath)}' {(size >> 20 > 0 ? $"{size >> 20}M" : $"{size >> 10}K")}");
    }

    /// <summary>All three hooks run before any data is written, and the guest is not stopped.</summary>
    private async Task SnapshotAsync(Guest guest, HookFacts facts)
    {
        await hook.RunAsync("pre-stop", Mode, vmid, facts);
        if (guest.Type == GuestType.Lxc)
        {
            worker.Info("create storage snapshot 'vzdump'");
        }

        await hook.RunAsync("pre-restart", Mode, vmid, facts);
        await hook.RunAsync("post-restart", Mode, vmid, facts);
    }

    /// <summary>A container is copied, and resumed before the archive is written; a VM only in the clean-up.</summary>
    private async Task SuspendAsync(Guest guest, HookFacts facts)
    {
        if (guest.Type == GuestType.Lxc)
        {
            worker.Info("first sync finished - transferred 0 bytes in 0s");
        }

        worker.Info("suspending guest");
        _stopped = worker.Node.Clock.Now;
        await hook.RunAsync("pre-stop", Mode, vmid, facts);
        _resume = true;
        if (guest.Type == GuestType.Qemu)
        {
            return;
        }

        worker.Info("final sync finished - transferred 0 bytes in 0s");
        worker.Info("resuming guest");
        _resume = false;
        await hook.RunAsync("pre-restart", Mode, vmid, facts);
        await hook.RunAsync("post-restart", Mode, vmid, facts);
        LogOnlineAgain();
    }

    /// <summary>A container stays down until after backup-end: a slow hook prolongs the outage.</summary>
    private async Task StopAsync(HookFacts facts)
    {
        worker.Info("stopping virtual guest");
        _stopped = worker.Node.Clock.Now;
        await hook.RunAsync("pre-stop", Mode, vmid, facts);
        worker.Node.Guests.Change(vmid, guest => guest with { Running = guest.Type == GuestType.Qemu });
        _restart = true;
    }

    private void LogOnlineAgain()
    {
        if (_stopped is { } stopped)
        {
            var seconds = (long)(worker.Node.Clock.Now - stopped).TotalSeconds;
            worker.Info($"guest is online again after {(seconds < 1 ? "<1" : $"{seconds}")} seconds");
        }
    }
}
