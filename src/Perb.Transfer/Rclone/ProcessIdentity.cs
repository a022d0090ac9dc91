using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Perb.Transfer.Rclone;

/// <summary>
/// A process, told apart from a later one with the same number: by its start (clock ticks since boot, field 22 of
/// <c>/proc/PID/stat</c>; wall-clock changes do not move it) and by the boot. Its text can be stored.
/// </summary>
public sealed record ProcessIdentity(int ProcessId, long StartTicks, string BootId)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    public bool IsAlive => Of(ProcessId) == this;

    /// <summary>The identity of a live process, or null where there is none.</summary>
    public static ProcessIdentity? Of(int processId)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");

            // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var isDead = fields[0] is "Z" or "X";
            return isDead
                ? null
                : new ProcessIdentity(processId, long.Parse(fields[19], CultureInfo.InvariantCulture), ReadBootId());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static bool TryParse(string? text, [NotNullWhen(true)] out ProcessIdentity? identity)
    {
        var parts = text?.Split(':') ?? [];
        identity = parts.Length == 3
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var processId)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            && parts[2].Length > 0
                ? new ProcessIdentity(processId, ticks, parts[2])
                : null;
        return identity is not null;
    }

    public override string ToString() => $"{ProcessId}:{StartTicks}:{BootId}";

    /// <summary>Kills it and waits until it is gone; false if it was gone already.</summary>
    /// <exception cref="TimeoutException">It cannot be killed: it hangs in the kernel, on a dead mount for example.</exception>
    internal async Task<bool> KillAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!TryKill())
        {
            return false;
        }

        // It is no child of this process, so nothing tells when it ends; dead and not yet reaped is gone enough.
        var killedAt = time.GetTimestamp();
        while (IsAlive)
        {
            if (time.GetElapsedTime(killedAt) > patience)
            {
                throw new TimeoutException();
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }

        return true;
    }

    private bool TryKill()
    {
        try
        {
            using var process = Process.GetProcessById(ProcessId);
            if (!IsAlive)
            {
                return false;
            }

            process.Kill(entireProcessTree: true);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception && !IsAlive)
        {
            return false;
        }
    }

    /// <summary>Of the kernel that runs; another one after each boot.</summary>
    public static string ReadBootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
}
