namespace Perb.Simulation.Guests;

/// <summary>The guests of this node.</summary>
public sealed class GuestList
{
    private readonly Lock _lock = new();
    private readonly Action _changed;
    private IReadOnlyList<Guest> _all;

    internal GuestList(IReadOnlyList<Guest> all, Action changed)
    {
        _all = all;
        _changed = changed;
    }

    /// <summary>Ascending by VMID.</summary>
    public IReadOnlyList<Guest> All => _all;

    public Guest this[int vmid] => Find(vmid) ?? throw new KeyNotFoundException($"The node has no guest {vmid}.");

    public void Set(Guest guest)
    {
        lock (_lock)
        {
            _all = [.. _all.Where(other => other.Vmid != guest.Vmid).Append(guest).OrderBy(other => other.Vmid)];
        }

        _changed();
    }

    public void Change(int vmid, Func<Guest, Guest> change) => Set(change(this[vmid]));

    public void Remove(int vmid)
    {
        lock (_lock)
        {
            _all = [.. _all.Where(guest => guest.Vmid != vmid)];
        }

        _changed();
    }

    internal Guest? Find(long vmid) => _all.FirstOrDefault(guest => guest.Vmid == vmid);
}
