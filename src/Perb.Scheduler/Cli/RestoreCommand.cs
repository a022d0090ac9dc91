using Microsoft.Win32.SafeHandles;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Remotes;
using Perb.Scheduler.Restore;
using Perb.Transfer;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Cli;

/// <summary>What <c>perb restore</c> was told.</summary>
internal sealed record RestoreOrder(string Named, string? At, string To, bool ToStandardOutput, bool AsJson, AccessOrder Access);

/// <summary><c>perb restore</c>: no store, no service, and on a blank machine no configuration. It works as whoever calls it.</summary>
internal static class RestoreCommand
{
    private const int StandardOutputDescriptor = 1;
    private const int ThreadsAtOnce = 8;

    public static async Task<ExitCode> RunAsync(RestoreOrder order, CancellationToken cancellationToken)
    {
        var (selection, fault) = RestoreSelection.Read(order.Named, order.At);
        if (fault is null && order.ToStandardOutput && !Console.IsOutputRedirected)
        {
            fault = "--stdout on a terminal: give it a reader, such as | qmrestore - 100 --storage local-lvm";
        }

        if (fault is null && !Directory.Exists(order.To))
        {
            fault = $"--to {order.To}: there is no such directory";
        }

        if (fault is not null)
        {
            return await Screen.SayAsync(ExitCode.Usage, fault);
        }

        var (access, place) = RemoteAccess.Open(order.Access, TimeProvider.System.GetUtcNow());
        if (access is null)
        {
            return await Screen.SayAsync(ExitCode.Usage, place!);
        }

        // Disks are waited for on threads of the pool, which has as many as there are cores until half a second went by: then nobody hashes.
        var threads = Math.Max(ThreadsAtOnce, Environment.ProcessorCount);
        ThreadPool.SetMinThreads(threads, threads);
        var terminal = Logging.OpenTerminal(LogTarget.StandardError);
        using var logs = Logging.ToTerminal(terminal);
        try
        {
            return await RestoreAsync(order, selection!, access, terminal, logs, cancellationToken);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken); // a terminal's Ctrl-C reaches gpg and rclone, too: they ended because of it
        }
        catch (Exception exception) when (exception is RestoreException or EncryptionException or IOException or UnauthorizedAccessException)
        {
            return await Screen.SayAsync(ExitCode.Failed, exception.Message);
        }
    }

    private static async Task<ExitCode> RestoreAsync(
        RestoreOrder order,
        RestoreSelection selection,
        RemoteAccess access,
        TerminalLine terminal,
        ILoggerFactory logs,
        CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var rclone = new RcloneProgram(access.Rclone, time, logs.CreateLogger<RcloneProgram>());
        var find = new FindBackup(new ReadRemote(rclone, access.Trusted, time), !access.Trusted.IsEmpty, logs.CreateLogger<FindBackup>());
        var from = await find.RunAsync(access.Places, selection, cancellationToken);
        if (from.Backup.Read is { } read)
        {
            logs.CreateLogger<RestoreBackup>().RestoreBegan(
                from.Backup.RemoteName,
                from.Place.Name,
                read.Manifest.Volumes.Count,
                ByteSize.Format(read.Manifest.ArchiveBytes),
                TrustOf(from.Backup));
        }

        var progress = new RestoreProgress(terminal, time, logs.CreateLogger<RestoreProgress>());
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var shown = progress.ShowAsync(ended.Token);
        try
        {
            var paths = await RunAsync(order, from, rclone, progress, access.Zone, logs, cancellationToken);
            await ended.CancelAsync();
            await shown;
            Report(order, from, paths);
            return ExitCode.Ok;
        }
        finally
        {
            await ended.CancelAsync();
            await shown;
        }
    }

    private static async Task<IReadOnlyList<string>> RunAsync(
        RestoreOrder order,
        FoundBackup from,
        RcloneProgram rclone,
        RestoreProgress progress,
        TimeZoneInfo zone,
        ILoggerFactory logs,
        CancellationToken cancellationToken)
    {
        var directory = Path.GetFullPath(order.To);
        var backup = new RestoreBackup(rclone, progress, logs.CreateLogger<RestoreBackup>());
        var old = new RestoreOldFile(rclone, progress, zone, logs.CreateLogger<RestoreOldFile>());
        if (!order.ToStandardOutput)
        {
            return await (from.Backup.Read is null
                ? old.ToDirectoryAsync(from, directory, cancellationToken)
                : backup.ToDirectoryAsync(from, directory, cancellationToken));
        }

        // Not the console's stream: that one passes over it in silence when whoever reads is gone.
        await using var output = new FileStream(new SafeFileHandle(StandardOutputDescriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        await (from.Backup.Read is null
            ? old.ToOutputAsync(from, output, directory, cancellationToken)
            : backup.ToOutputAsync(from, output, directory, cancellationToken));
        return [];
    }

    private static string TrustOf(RemoteBackup backup) => backup.Read!.Verdict switch
    {
        { Signer: { } signer } => $"signed by {signer}",
        _ when backup.Set.HasSignature => "its signature was not looked at (--signer FILE)",
        _ => "not signed",
    };

    private static void Report(RestoreOrder order, FoundBackup from, IReadOnlyList<string> paths)
    {
        var document = RestoredDocument.Of(from, paths);
        if (order.AsJson)
        {
            Screen.WriteJson(document, DocumentsJson.Default.RestoredDocument);
            return;
        }

        // With --stdout it is the archive's.
        var words = order.ToStandardOutput ? Console.Error : Console.Out;
        words.WriteLine(Screen.Line($"Restored {document.RemoteName} from {document.Remote}, {HowInWords(document)}"));
        foreach (var path in paths)
        {
            words.WriteLine(Screen.Line(path));
        }

        if (document.Archive is not null)
        {
            words.WriteLine(Screen.Line(document.GuestType == "qemu"
                ? $"Next: qmrestore {document.Archive} {document.Guest} --storage STORAGE"
                : $"Next: pct restore {document.Guest} {document.Archive} --storage STORAGE"));
        }
    }

    private static string HowInWords(RestoredDocument document) => document switch
    {
        { HasManifest: false } => "which has no manifest: checked by gpg alone",
        { SignedBy: { } signer } => $"as its manifest says, which {signer} signed",
        _ => "as its manifest says; nobody's signature was asked for",
    };
}
