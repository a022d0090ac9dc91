using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Perb.Scheduler.Configuration;
using Perb.Transfer.Posix;
using Perb.Transfer.Signing;

namespace Perb.Scheduler.Setup;

/// <summary>
/// Does what the plan says, in an order in which a run that is cut can be run again: the secret is in its file before anything else, and
/// the configuration comes after all that it names.
/// </summary>
internal sealed class CarryOutSetup(NodeFiles files, GrantToken grant, TimeProvider time, Action<string> say)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="SetupException">pveum refuses, or the hook cannot be installed.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public async Task RunAsync(SetupPlan plan, CancellationToken cancellationToken)
    {
        MakeDirectory(files.Directory, new Owner(0, plan.Owner.Group));
        MakeDirectory(plan.StateDirectory, plan.Owner);
        await MakeIdAsync(plan, cancellationToken);
        await grant.RunAsync(plan.TokenLines, secret => WriteSecretAsync(plan, secret, CancellationToken.None), cancellationToken);
        if (plan.TokenSecret is { } given)
        {
            await WriteSecretAsync(plan, given, cancellationToken);
        }

        foreach (var (from, to) in plan.Copies)
        {
            await InstalledFile.WriteAsync(to, await File.ReadAllBytesAsync(from, cancellationToken), Owner.Root, InstalledFile.AllRead, cancellationToken);
            say($"{from} is copied to {to}");
        }

        if (plan.RcloneConfig is { } rclone)
        {
            var place = plan.RcloneFile;
            await InstalledFile.WriteAsync(place, await File.ReadAllBytesAsync(rclone, cancellationToken), plan.Owner, InstalledFile.Private, cancellationToken);
            say(rclone == SetupPlan.NoLogins
                ? $"{place} is empty: directories need no login"
                : $"{rclone} is copied to {place}: keep a copy with the private key, too");
        }

        if (plan.Signs)
        {
            await MakeSigningKeyAsync(plan, cancellationToken);
        }

        await WriteConfigurationAsync(plan, cancellationToken);
        await LetWriteAsync(plan, cancellationToken);
        if (plan.Hook is true)
        {
            foreach (var line in await new HookInstallation(files).InstallAsync(plan.Wait, cancellationToken))
            {
                say(line);
            }
        }
    }

    // As the first start would; made here, because it stands on the recovery sheet.
    private static async Task MakeIdAsync(SetupPlan plan, CancellationToken cancellationToken)
    {
        var place = Path.Combine(plan.StateDirectory, StateDirectory.IdName);
        if (FileFacts.At(place) is null)
        {
            await InstalledFile.WriteAsync(place, $"{Guid.NewGuid():N}\n", plan.Owner, InstalledFile.Private, cancellationToken);
        }
    }

    private async Task WriteSecretAsync(SetupPlan plan, string secret, CancellationToken cancellationToken)
    {
        var file = SecretFile.Locate((string)plan.Configuration["Perb"]!["Proxmox"]!["TokenSecretFile"]!, files.Configuration);
        await InstalledFile.WriteAsync(file, secret + "\n", plan.Owner, InstalledFile.Private, cancellationToken);
        say($"the token's secret is in {file}");
    }

    private async Task MakeSigningKeyAsync(SetupPlan plan, CancellationToken cancellationToken)
    {
        var place = (string)plan.Configuration["Perb"]!["Encryption"]!["SigningKey"]!;
        var key = await NewSigningKey.CreateAsync(place, $"Perb on {plan.Node}", time.GetUtcNow(), (plan.Owner.User, plan.Owner.Group), cancellationToken);
        say($"manifests will be signed by {key.Signer}, whose key is {place}; keep its public half with the private key: the README has the lines, \"Signing\"");
    }

    private async Task WriteConfigurationAsync(SetupPlan plan, CancellationToken cancellationToken)
    {
        var text = $"// Written by perb setup. Every key: /usr/share/doc/perb/examples/appsettings.json\n{plan.Configuration.ToJsonString(Indented)}\n";
        if (plan.Before is { } before && before != text)
        {
            var kept = string.Create(CultureInfo.InvariantCulture, $"{files.Configuration}.{time.GetUtcNow():yyyyMMdd-HHmmss}");
            await InstalledFile.WriteAsync(kept, before, Owner.Root, InstalledFile.Private, cancellationToken);
            say($"the configuration that was there is kept as {kept}");
        }

        await InstalledFile.WriteAsync(files.Configuration, text, new Owner(0, plan.Owner.Group), InstalledFile.GroupReads, cancellationToken);
        Settings.Load(files.Configuration);
        say($"{files.Configuration} is written");
    }

    // The service can write nothing but its own directories; a remote that is a directory of this machine is one more. "-": it may be away.
    private async Task LetWriteAsync(SetupPlan plan, CancellationToken cancellationToken)
    {
        var directories = SetupPlan.DirectoriesOf((JsonObject)plan.Configuration["Perb"]!);
        if (directories.Count == 0)
        {
            if (File.Exists(files.LocalRemoteDropIn))
            {
                File.Delete(files.LocalRemoteDropIn);
            }

            return;
        }

        var lines = directories.Select(directory =>
            $"ReadWritePaths=\"-{directory.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("%", "%%", StringComparison.Ordinal)}\"\n");
        Directory.CreateDirectory(Path.GetDirectoryName(files.LocalRemoteDropIn)!, DropInMode);
        await InstalledFile.WriteAsync(
            files.LocalRemoteDropIn, $"# Written by perb setup: remotes that are directories of this machine.\n[Service]\n{string.Concat(lines)}", Owner.Root, InstalledFile.AllRead, cancellationToken);
        say($"{files.LocalRemoteDropIn} lets the service write {string.Join(", ", directories)}");
    }

    private const UnixFileMode DropInMode = InstalledFile.AllRead | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const UnixFileMode OwnerAndGroup = InstalledFile.GroupReads | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;

    private static void MakeDirectory(string path, Owner owner)
    {
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, OwnerAndGroup);
            File.SetUnixFileMode(path, OwnerAndGroup); // whatever the umask made of it
            FileFacts.Give(path, owner.User, owner.Group);
        }
    }
}
