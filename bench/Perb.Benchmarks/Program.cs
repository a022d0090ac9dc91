using System.CommandLine;
using Perb.Benchmarks;
using Perb.Benchmarks.MainJob;
using Perb.Benchmarks.Restoring;
using Perb.Benchmarks.Sealing;

var minutes = new Option<double>("--minutes")
{
    Description = "how long to measure, after the start has settled",
    DefaultValueFactory = _ => 5,
};
var rounds = new Option<int>("--rounds")
{
    Description = "how many rounds of each kind; a cold round waits 3 s first",
    DefaultValueFactory = _ => 20,
};

var perb = new Option<FileInfo>("--perb") { Description = "another build of perb, such as a published one" }.AcceptExistingOnly();

var served = new Option<bool>("--page") { Description = "serves the status page, and is scraped every 15 s" };
var day = new Option<bool>("--day") { Description = "all polls and reconciles of a day, in 48 minutes" };
var idle = new Command("idle", "CPU and memory of `perb run` that has nothing to do") { minutes, perb, served, day };
idle.SetAction((parsed, token) => RunAsync(
    parsed, stop => IdleBenchmark.RunAsync(Programs.Built(parsed.GetValue(perb)), parsed.GetValue(minutes), parsed.GetValue(served), parsed.GetValue(day), stop), token));

var poll = new Command("poll", "one poll and one reconcile, with the connection cold and warm") { rounds };
poll.SetAction((parsed, token) => RunAsync(
    parsed, stop => PollBenchmark.RunAsync(Programs.Built(null), parsed.GetValue(rounds), stop), token));

var upTo = new Option<int>("--up-to") { Description = "how many archives at most", DefaultValueFactory = _ => 100_000 };
var reconcile = new Command("reconcile", "a reconcile with 1,000, 10,000 and 100,000 archives, all new and all known") { upTo };
reconcile.SetAction((parsed, token) => RunAsync(
    parsed, stop => ReconcileBenchmark.RunAsync(Programs.Built(null), parsed.GetValue(upTo), stop), token));

var hook = new Command("hook", "how long vzdump waits for a call of the hook, by phase") { rounds };
hook.SetAction((parsed, token) => RunAsync(parsed, stop => HookBenchmark.RunAsync(parsed.GetValue(rounds), stop), token));

var latency = new Command("latency", "from the hook's call to the first sealed byte, by the running service") { rounds };
latency.SetAction((parsed, token) => RunAsync(
    parsed, stop => LatencyBenchmark.RunAsync(Programs.Built(null), parsed.GetValue(rounds), stop), token));

var once = new Option<int>("--rounds") { Description = "how often each of them runs", DefaultValueFactory = _ => 1 };
var disk = new Option<DirectoryInfo>("--disk") { Description = "a directory with room", DefaultValueFactory = _ => new DirectoryInfo("/var/tmp") };
var size = new Option<int>("--mebibytes") { Description = "all archives together", DefaultValueFactory = _ => 2048 };
var mainJob = new Command("mainjob", "discovered to proven, beside PERB's pipeline of tar, gpg and rclone") { size, once, disk, perb };
mainJob.SetAction((parsed, token) => RunAsync(
    parsed,
    stop => MainJobBenchmark.RunAsync(
        Programs.Built(parsed.GetValue(perb)), (long)parsed.GetValue(size) << 20, 10, parsed.GetValue(once), parsed.GetValue(disk)!, stop),
    token));

var resume = new Command("resume", "bytes that are sent twice after a kill amid a backup of 64 volumes") { once, disk };
resume.SetAction((parsed, token) => RunAsync(
    parsed, stop => ResumeBenchmark.RunAsync(Programs.Built(null), parsed.GetValue(once), parsed.GetValue(disk)!, stop), token));

var backups = new Option<int>("--backups") { Description = "how many the store holds", DefaultValueFactory = _ => 100_000 };
var store = new Command("store", "the store with many backups: claim, status, list") { backups, rounds, perb };
store.SetAction((parsed, token) => RunAsync(
    parsed, stop => StoreBenchmark.RunAsync(Programs.Built(parsed.GetValue(perb)), parsed.GetValue(backups), parsed.GetValue(rounds), stop), token));

var copies = new Option<int>("--copies") { Description = "how many the remote holds", DefaultValueFactory = _ => 100_000 };
var retention = new Command("retention", "the plan of a prune: rules, brakes and reasons") { copies, rounds };
retention.SetAction((parsed, token) => RunAsync(
    parsed, _ => Task.FromResult(RetentionBenchmark.Run(parsed.GetValue(copies), parsed.GetValue(rounds))), token));
var guests = new Option<int>("--guests") { Description = "how many there are", DefaultValueFactory = _ => 2_000 };
var page = new Command("page", "the status page and the metrics of many guests and backups") { guests, backups, rounds };
page.SetAction((parsed, token) => RunAsync(
    parsed, stop => PageBenchmark.RunAsync(Programs.Built(null), parsed.GetValue(guests), parsed.GetValue(backups), parsed.GetValue(rounds), stop), token));

var root = new RootCommand(
    "Measures Perb: idle and poll against a simulated Proxmox VE node with 200 guests, 3 storages and 500 archives, reconcile with more of them, "
    + "the hook's calls, how soon they lead to sealing, the main job, seal and restore beside other programs, what a kill costs, a large store, and its page.")
{
    idle, poll, reconcile, hook, latency, mainJob, resume, store, retention, page, SealCommands.Seal(RunAsync), RestoreBenchmark.Restore(RunAsync),
    ListingBenchmark.Listing(RunAsync),
};
foreach (var contender in SealCommands.Contenders())
{
    root.Subcommands.Add(contender);
}

return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) });

async Task<int> RunAsync(ParseResult parsed, Func<CancellationToken, Task<Report>> benchmark, CancellationToken cancellationToken)
{
    try
    {
        var report = await benchmark(cancellationToken);
        report.Print($"bench/run {string.Join(' ', parsed.Tokens.Select(token => token.Value))}");
        return report.IsMet ? 0 : 1;
    }
    catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
    {
        await Console.Error.WriteLineAsync("perb-bench: stopped; everything that it started is gone");
        return 1;
    }
    catch (BenchmarkException exception)
    {
        await Console.Error.WriteLineAsync($"perb-bench: {exception.Message}");
        return 1;
    }
}
