using System.CommandLine;

namespace Perb.Scheduler.Cli;

/// <summary>The words of the commands that need neither store nor service: what lies on remotes, and getting it back.</summary>
internal static class RestoreCommands
{
    /// <summary>rclone's configuration file, for whoever has no configuration of Perb's or wants another one.</summary>
    public static Option<string?> RcloneConfig() => new("--rclone-config")
    {
        Description = "rclone's configuration file (else Rclone:ConfigFile, else rclone's own)",
        HelpName = "FILE",
    };

    /// <summary>Whose manifests are believed.</summary>
    public static Option<string[]> Signers() => new("--signer")
    {
        Description = "a public key whose signed backups alone are believed; may be repeated (else Encryption:TrustedSigners and SigningKey)",
        HelpName = "FILE",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    public static Command Restore(Option<string?> config, Option<bool> json)
    {
        var named = new Argument<string>("NAME|GUEST")
        {
            Description = "a backup's name such as 100-2026_11_20-02_00_01, or a guest's number: its newest backup",
        };
        var at = new Option<string?>("--at") { Description = "the newest at or before this time, as names have it (the node's)", HelpName = "TIME" };
        var remote = new Option<string?>("--remote")
        {
            Description = "a configured remote, or any rclone path such as gdrive:perb or /mnt/offsite; needs no configuration then",
            HelpName = "R|PATH",
        };
        var to = new Option<string>("--to")
        {
            Description = "where archive, log and notes go, such as /var/lib/vz/dump (else here)",
            HelpName = "DIR",
            DefaultValueFactory = _ => ".",
        };
        var output = new Option<bool>("--stdout")
        {
            Description = "the archive's bytes to stdout, for qmrestore - and pct restore ID -; fetched volumes pass through --to",
        };
        var allowUnsigned = new Option<bool>("--allow-unsigned") { Description = "also what no trusted signer made" };
        var (rcloneConfig, signers) = (RcloneConfig(), Signers());
        var restore = new Command("restore", "fetches a backup, decrypts it (gpg has the private key), and puts archive, log and notes where they belong")
        {
            named, at, remote, to, output, allowUnsigned, rcloneConfig, signers,
        };
        restore.Validators.Add(result =>
        {
            if (result.GetValue(output) && result.GetValue(json))
            {
                result.AddError("--stdout and --json both want stdout.");
            }

            if (result.GetValue(allowUnsigned) && result.GetValue(signers) is { Length: > 0 })
            {
                result.AddError("--allow-unsigned and --signer exclude each other.");
            }
        });
        restore.SetAction((result, token) => CommandLine.Code(RestoreCommand.RunAsync(
            new RestoreOrder(
                result.GetValue(named)!,
                result.GetValue(at),
                result.GetValue(to)!,
                result.GetValue(output),
                result.GetValue(json),
                new Remotes.AccessOrder(
                    result.GetValue(config),
                    result.GetValue(remote),
                    result.GetValue(rcloneConfig),
                    result.GetValue(signers) ?? [],
                    result.GetValue(allowUnsigned))),
            token)));
        return restore;
    }
}
