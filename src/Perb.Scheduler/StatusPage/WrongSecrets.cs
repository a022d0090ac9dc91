using System.Net;
using System.Net.Sockets;

namespace Perb.Scheduler.StatusPage;

/// <summary>
/// Who gave wrong secrets is not heard for a while, longer each time. Of addresses, IPv6 by its network, since a guesser has as many of those
/// as it likes; and of a bounded number, since it may have many of those, too.
/// </summary>
internal sealed class WrongSecrets(TimeProvider time)
{
    public const int FreeTries = 5;

    private const int MostAddresses = 1000;

    private static readonly TimeSpan First = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, Guesser> _guessers = [];

    /// <summary>How long it is not heard; null: it may try.</summary>
    public TimeSpan? PauseOf(IPAddress address)
    {
        lock (_lock)
        {
            return _guessers.TryGetValue(NetworkOf(address), out var guesser) && LeftOf(guesser) - Longest is var left && left > TimeSpan.Zero ? left : null;
        }
    }

    /// <summary>Its tries so far, and how long it is not heard for it; zero: it may try again.</summary>
    public (int Times, TimeSpan Pause) Count(IPAddress address)
    {
        var network = NetworkOf(address);
        lock (_lock)
        {
            MakeRoom();
            var times = (_guessers.TryGetValue(network, out var before) && LeftOf(before) > TimeSpan.Zero ? before.Times : 0) + 1;
            var pause = PauseAfter(times);
            _guessers[network] = new Guesser(times, time.GetTimestamp(), pause + Longest);
            return (times, pause);
        }
    }

    public void Forget(IPAddress address)
    {
        lock (_lock)
        {
            _guessers.Remove(NetworkOf(address));
        }
    }

    private static TimeSpan PauseAfter(int times)
    {
        var pause = times < FreeTries ? TimeSpan.Zero : First * Math.Pow(2, Math.Min(times - FreeTries, 8));
        return pause < Longest ? pause : Longest;
    }

    private void MakeRoom()
    {
        if (_guessers.Count < MostAddresses)
        {
            return;
        }

        foreach (var address in _guessers.Where(entry => LeftOf(entry.Value) <= TimeSpan.Zero).Select(entry => entry.Key).ToList())
        {
            _guessers.Remove(address);
        }

        if (_guessers.Count >= MostAddresses)
        {
            _guessers.Remove(_guessers.MinBy(entry => LeftOf(entry.Value)).Key);
        }
    }

    internal static IPAddress NetworkOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private TimeSpan LeftOf(Guesser guesser) => guesser.KnownFor - time.GetElapsedTime(guesser.At);

    /// <param name="Times">Its wrong ones.</param>
    /// <param name="At">The last, on the clock that nobody can set.</param>
    /// <param name="KnownFor">The pause, and a while of peace after it.</param>
    private sealed record Guesser(int Times, long At, TimeSpan KnownFor);
}
