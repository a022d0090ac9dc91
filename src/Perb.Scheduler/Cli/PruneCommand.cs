using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Remotes;
using Perb.Scheduler.Retention;
using Perb.Scheduler.Store;
using Perb.Scheduler.Wishes;
using Perb.Transfer.Rclone;
using Spectre.Console;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb prune</c>: shows the plan for each remote, and carries it out unless it was only asked for.</summary>
internal static class PruneCommand
{
    public static async Task<ExitCode> RunAsync(
        string? configuration, bool asJson, string? remote, int? guest, bool isDryRun, bool isApproved, CancellationToken cancellationToken)
    {
        var settings = Settings.LoadAsServiceUser(configuration);
        if (RemoteOption.FaultOf(remote, settings) is { } fault)
        {
            return await Screen.SayAsync(ExitCode.Usage, fault);
        }

        if (isDryRun)
        {
            return await DryRunAsync(settings, asJson, remote, guest, cancellationToken);
        }

        var wish = new Wish(WishKind.Prune) { Remotes = remote is null ? [] : [remote], Guests = guest is { } id ? [id] : [], Yes = isApproved };
        return await WishCommand.RunAsync(settings, asJson, wish, cancellationToken);
    }

    /// <summary>Prints the decisions of a prune that was carried out.</summary>
    public static void Print(string document, bool asJson)
    {
        if (asJson)
        {
            Console.Out.WriteLine(document);
            return;
        }

        var decisions = JsonSerializer.Deserialize(document, PruneJson.Default.IReadOnlyListPruneDocument)!;
        if (decisions.Count == 0)
        {
            return;
        }

        var table = Screen.Table("Remote", "Guest", "Backup", "", "Why");
        foreach (var decision in decisions)
        {
            table.AddRow(Screen.Cells(
                decision.Remote,
                decision.Guest.ToString(CultureInfo.InvariantCulture),
                decision.RemoteName,
                decision.Action,
                string.Join("; ", decision.Reasons)));
        }

        Screen.Open().Write(table);
        var removed = decisions.Count(decision => decision.Action == PruneDocument.Remove);
        Console.Out.WriteLine($"{removed} to remove, {decisions.Count - removed} to keep");
    }

    // Nothing is changed, so nobody has to be asked: not the lock, not the service.
    private static async Task<ExitCode> DryRunAsync(
        Settings settings, bool asJson, string? remote, int? guest, CancellationToken cancellationToken)
    {
        var options = settings.Options;
        var time = TimeProvider.System;
        var database = await Database.OpenForReadingAsync(options.StorePath, cancellationToken);
        var rclone = new RcloneProgram(options.Rclone.ToOptions(), time, NullLogger<RcloneProgram>.Instance);
        var signing = new ManifestSigning(null, InstallationKeys.LoadTrusted(settings, time.GetUtcNow()));
        var store = new RetentionStore(database, time);
        var planPrune = new PlanPrune(
            rclone,
            new ReadRemote(rclone, signing.Trusted, time),
            new CheckManifest(new PipelineStore(database, time)),
            signing,
            store,
            new VerificationStore(database, time),
            new StatusStore(database, time),
            options,
            time);
        var clock = new ClockWatch(store, time);
        var (document, refusals, notes) = (new List<PruneDocument>(), new List<string>(), new List<string>());
        foreach (var section in options.Remotes.Where(section => section.Retention is not null && (remote is null || section.Name == remote)))
        {
            try
            {
                await RemoteGate.RequireOwnAsync(rclone, Remote.Of(section), StateDirectory.IdOf(options.StateDirectory), cancellationToken);
                var planned = await planPrune.RunAsync(section, guest, cancellationToken);
                document.AddRange(PruneDocument.Of(section.Name, planned.Plan.Decisions));
                var refusal = await clock.FaultSinceLastLookAsync(section.Name, isRecorded: false, cancellationToken) ?? planned.Plan.Refusal;
                refusals.AddRange(refusal is null ? [] : [$"{section.Name}: {refusal}"]);
                var begun = (await store.UnfinishedAsync(section.Name, cancellationToken)).Count;
                notes.AddRange(begun == 0
                    ? []
                    : [$"{section.Name}: {begun} removal(s) were begun: given up where the manifest is still there, else carried to their end"]);
            }
            catch (Exception exception) when (exception is RcloneException or ConfigurationException)
            {
                refusals.Add($"{section.Name}: {exception.Message}");
            }
        }

        Print(JsonSerializer.Serialize(document, PruneJson.Default.IReadOnlyListPruneDocument), asJson);
        return await Screen.SayAsync(refusals.Count > 0 ? ExitCode.Failed : ExitCode.Ok, [.. notes, .. refusals]);
    }
}
