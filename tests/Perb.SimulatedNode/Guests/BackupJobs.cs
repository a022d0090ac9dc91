namespace Perb.Simulation.Guests;

/// <summary>One scheduled job of /etc/pve/jobs.cfg. The node lists it; running it is up to the test.</summary>
public sealed record BackupJob(string Id, string Storage)
{
    public bool Enabled { get; init; } = true;

    public string Schedule { get; init; } = "02:00";

    public string Mode { get; init; } = "snapshot";

    public string? Compress { get; init; } = "zstd";

    /// <summary>Empty with <see cref="All"/> or <see cref="Pool"/>.</summary>
    public IReadOnlyList<int> Guests { get; init; } = [];

    public bool All { get; init; }

    public IReadOnlyList<int> Exclude { get; init; } = [];

    public string? Pool { get; init; }

    public string? Node { get; init; }

    public string? PruneBackups { get; init; }

    public string? NotesTemplate { get; init; }

    /// <summary>The job's own hook script.</summary>
    public string? Script { get; init; }
}

/// <summary>The scheduled jobs of the cluster.</summary>
public sealed class BackupJobs
{
    private readonly Action _changed;
    private volatile IReadOnlyList<BackupJob> _all;

    internal BackupJobs(IReadOnlyList<BackupJob> all, Action changed)
    {
        _all = all;
        _changed = changed;
    }

    public IReadOnlyList<BackupJob> All => _all;

    public void Set(BackupJob job)
    {
        _all = [.. _all.Where(other => other.Id != job.Id), job];
        _changed();
    }

    public void Remove(string id)
    {
        _all = [.. _all.Where(job => job.Id != id)];
        _changed();
    }

    internal static bool Covers(BackupJob job, Guest guest) =>
        job.All ? !job.Exclude.Contains(guest.Vmid)
        : job.Pool is not null ? guest.Pool == job.Pool
        : job.Guests.Contains(guest.Vmid);
}
