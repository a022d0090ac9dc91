using System.Globalization;

namespace Perb.Benchmarks;

/// <summary>
/// What a process has used so far, from /proc: CPU time does not grow while others have the CPU, so a busy machine disturbs it far less
/// than any clock on the wall.
/// </summary>
/// <param name="Cpu">Of the process itself, user and system.</param>
/// <param name="ChildrenCpu">Of its children that have ended (rclone).</param>
/// <param name="RssFileKib">The part of the RSS that is mapped files (programs, libraries): the kernel can drop and share it.</param>
internal sealed record ProcessUse(TimeSpan Cpu, TimeSpan ChildrenCpu, long RssKib, long RssFileKib, long PeakRssKib)
{
    // USER_HZ is 100 on every Linux that .NET runs on.
    private const long TicksPerSecond = 100;

    public static ProcessUse Of(int processId)
    {
        try
        {
            // The program's name stands in brackets and may hold blanks; what follows are fields 3, 4, … of proc(5).
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var status = File.ReadAllLines($"/proc/{processId}/status");
            return new ProcessUse(
                Ticks(fields, 14) + Ticks(fields, 15),
                Ticks(fields, 16) + Ticks(fields, 17),
                Kib(status, "VmRSS:"),
                Kib(status, "RssFile:"),
                Kib(status, "VmHWM:"));
        }
        catch (IOException)
        {
            throw new BenchmarkException($"process {processId} is gone; its output stands above");
        }
    }

    private static TimeSpan Ticks(string[] fields, int number) =>
        TimeSpan.FromSeconds(long.Parse(fields[number - 3], CultureInfo.InvariantCulture) / (double)TicksPerSecond);

    private static long Kib(string[] status, string key) =>
        long.Parse(
            status.Single(line => line.StartsWith(key, StringComparison.Ordinal))[key.Length..].Replace("kB", ""),
            CultureInfo.InvariantCulture);
}
