using System.CommandLine;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Store;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb recovery-sheet</c>: one page to print and keep with the private key. It holds no secret.</summary>
internal static class RecoverySheetCommand
{
    public static Command Of(Option<string?> config)
    {
        var sheet = new Command("recovery-sheet", "one page to print: what is where, which keys, and the commands of the worst day");
        sheet.SetAction((result, token) => CommandLine.Code(RunAsync(result.GetValue(config), token)));
        return sheet;
    }

    public static async Task<ExitCode> RunAsync(string? configuration, CancellationToken cancellationToken)
    {
        var settings = Settings.LoadAsServiceUser(configuration);
        var time = TimeProvider.System;
        IReadOnlySet<string> inUse = File.Exists(settings.Options.StorePath)
            ? await new PipelineStore(await Database.OpenForReadingAsync(settings.Options.StorePath, cancellationToken), time)
                .RecipientsInUseAsync(cancellationToken)
            : new HashSet<string>();
        var keys = InstallationKeys.Load(settings, time.GetUtcNow(), inUse);
        foreach (var line in Lines(settings.Options, keys, StateDirectory.IdOf(settings.Options.StateDirectory)))
        {
            Console.Out.WriteLine(Screen.Line(line));
        }

        return ExitCode.Ok;
    }

    private static IEnumerable<string> Lines(PerbOptions options, InstallationKeys keys, string? installation) =>
    [
        $"PERB RECOVERY SHEET for the backups of {options.Proxmox.Node}, printed {TimeProvider.System.GetUtcNow():yyyy-MM-dd}",
        "",
        $"Installation:       {installation ?? "none yet: it is made by the first start"}",
        .. keys.Recipients.Select(recipient => $"Encrypted to:       {recipient.Fingerprint} {recipient.UserId}"),
        .. keys.Signing.Key is { } key ? [$"Signed by:          {key.Signer}"] : (string[])["Signed by:          nobody (Encryption:SigningKey)"],
        .. options.Remotes.Select(remote => $"Remote {remote.Name + ":",-12} {remote.Path}"),
        $"Login of remotes:   {options.Rclone.ConfigFile} on the node; a copy belongs with the private key",
        "",
        "KEEP WITH THIS PAGE, NOT ON THE NODE: the private key and its passphrase (twice), a copy of rclone's configuration,",
        "and the public half of the signing key, if there is one.",
        "",
        "WITH PERB, on any machine with gpg, rclone and the private key. REMOTE stands for a path as above:",
        "",
        "    perb list --remote-only --remote REMOTE",
        "    perb restore GUEST --remote REMOTE --to DIRECTORY",
        "",
        "WITHOUT PERB, in bash. X stands for a name such as 100-2026_11_20-02_00_01:",
        "",
        "    rclone lsf REMOTE --include '*.sums'",
        "    rclone copy REMOTE . --include 'X.*'",
        .. keys.Signing.Key is null ? (string[])[] : ["    gpg --verify X.sums.sig X.sums"],
        "    ( set -o pipefail; cksum -c X.sums && for v in $(sed -n 's/^SHA256 (\\(.*\\)) = .*/\\1/p' X.sums); do gpg -d \"$v\" || exit 1; done | tar -xv )",
        "",
        "(cksum older than coreutils 9: sha256sum -c X.sums.) Out come the archive, its log and its notes. Then, on a node:",
        "",
        "    qmrestore vzdump-qemu-….vma.zst GUEST --storage STORAGE",
        "    pct restore GUEST vzdump-lxc-….tar.zst --storage STORAGE",
        "",
        "Try it once a year, before it is needed.",
    ];
}
