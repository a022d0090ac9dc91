using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Perb.Scheduler.Configuration;
using Perb.Transfer.Keys;
using Perb.Transfer.Posix;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Setup;

/// <summary>Turns the command line, what is there already and the answers into a plan. Changes nothing.</summary>
internal sealed class AskSetup(SetupOrder order, Questions questions, GrantToken grant, NodeFiles files, TimeProvider time)
{
    /// <exception cref="SetupException">Something is missing or cannot be used.</exception>
    /// <exception cref="ConfigurationException">The configuration that is there cannot be read.</exception>
    public async Task<SetupPlan> RunAsync(CancellationToken cancellationToken)
    {
        var user = ServiceUser.Find(order.User)
            ?? throw new SetupException($"there is no user {order.User}: the package makes it (apt install ./perb_….deb), or adduser --system --group {order.User}");
        var (configuration, before) = SetupPlan.Read(files.Configuration);
        var perb = Section(configuration, "Perb");

        var proxmox = Section(perb, "Proxmox");
        var node = questions.Text("Name of this node in Proxmox", order.Node ?? (string?)proxmox["Node"] ?? Environment.MachineName.Split('.')[0], "--node");
        var (lines, secret) = await AskTokenAsync(proxmox, node, cancellationToken);
        var copies = AskTrust(proxmox, node);
        copies.AddRange(AskRecipients(Section(perb, "Encryption")));
        AskRemotes(perb, node);
        var rclone = AskRclone(perb);
        if (order.Storages.Count > 0)
        {
            Section(perb, "Discovery")["Storages"] = new JsonArray([.. order.Storages.Select(storage => JsonValue.Create(storage))]);
        }

        var signs = AskSigning(Section(perb, "Encryption"));
        bool? hook = order.Hook ?? (order.IsUnattended ? null : questions.YesNo($"Put Perb's hook into {files.VzdumpConf}, so that archives are shipped at once", true, "--hook"));
        if (order.Wait && hook is not true)
        {
            throw new SetupException("--wait says what the hook does: give --hook as well");
        }

        AskNotify(perb);
        AskPage(perb);
        RequireUnderstood(configuration);
        return new SetupPlan(node, order.User, new Owner(user.Id, user.Group), configuration, before, lines, secret, copies, rclone, signs, hook, order.Wait);
    }

    // As the service will read it; what it would refuse must not take the place of what it runs with.
    private static void RequireUnderstood(JsonObject configuration)
    {
        using var json = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(configuration));
        try
        {
            PerbOptionsReader.Read(new ConfigurationBuilder().AddJsonStream(json).AddEnvironmentVariables().Build());
        }
        catch (ConfigurationException exception)
        {
            throw new SetupException($"nothing was changed: {string.Join("; ", exception.Faults)}");
        }
    }

    private async Task<(IReadOnlyList<string[]> Lines, string? Secret)> AskTokenAsync(JsonObject proxmox, string node, CancellationToken cancellationToken)
    {
        proxmox["Node"] = node;
        proxmox["TokenId"] = order.TokenId ?? (string?)proxmox["TokenId"] ?? $"perb@pve!{node}";
        proxmox["TokenSecretFile"] ??= SetupPlan.TokenName;
        if (order.TokenSecretFile is { } file)
        {
            return ([], SecretFile.Read("--token-secret-file", Path.GetFullPath(file), files.Configuration));
        }

        var keepsToken = File.Exists(SecretFile.Locate((string)proxmox["TokenSecretFile"]!, files.Configuration));
        var lines = await grant.PlanAsync((string)proxmox["TokenId"]!, keepsToken, cancellationToken);
        questions.Say("These lines give Perb a token that can look and nothing else. They are run after the last question:");
        foreach (var line in lines)
        {
            questions.Say($"    {grant.InWords(line)}");
        }

        return questions.YesNo("May setup run them", true, "--token-secret-file")
            ? (lines, null)
            : throw new SetupException("run them yourself, put the secret into a file that root alone can read, and give it with --token-secret-file");
    }

    // A node with a certificate of its own (ACME) is known by its name; the others answer on loopback, by the cluster's authority.
    private List<(string From, string To)> AskTrust(JsonObject proxmox, string node)
    {
        if (order.Url is { } url)
        {
            proxmox["Url"] = url;
        }

        if (proxmox["CaFile"] is not null || proxmox["Fingerprints"] is JsonArray { Count: > 0 })
        {
            return [];
        }

        if (File.Exists(files.OwnCertificate))
        {
            using var certificate = X509CertificateLoader.LoadCertificateFromFile(files.OwnCertificate);
            var name = certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false);
            proxmox["Url"] ??= $"https://{(name.StartsWith("*.", StringComparison.Ordinal) ? node + name[1..] : name)}:8006";
            return [];
        }

        if (!File.Exists(files.PveRootCa))
        {
            throw new SetupException($"{files.PveRootCa} is not there: run setup on the node, or name CaFile or Fingerprints in {files.Configuration} first");
        }

        var copy = Path.Combine(files.Directory, "pve-root-ca.pem");
        proxmox["CaFile"] = copy;
        return [(files.PveRootCa, copy)];
    }

    private IEnumerable<(string From, string To)> AskRecipients(JsonObject encryption)
    {
        if (order.Recipients.Count == 0 && encryption["Recipients"] is JsonArray { Count: > 0 })
        {
            return []; // they were confirmed when they came
        }

        var recipients = order.Recipients.Count > 0
            ? LoadRecipients(order.Recipients)
            : LoadRecipients([questions.Text("File with the public key that backups are encrypted to (its private half stays elsewhere)", "--recipient", FaultOfRecipient)]);
        foreach (var recipient in recipients)
        {
            Confirm(recipient);
        }

        var copies = recipients.Select((recipient, index) => (From: recipient.File, To: PlaceOf(recipient, index))).ToList();
        encryption["Recipients"] = new JsonArray([.. copies.Select(copy => JsonValue.Create(copy.To))]);
        return copies.Where(copy => copy.From != copy.To);

        string PlaceOf(Recipient recipient, int index) => Path.GetDirectoryName(recipient.File) == files.Directory
            ? recipient.File
            : Path.Combine(files.Directory, index == 0 ? "recipient.asc" : $"recipient-{index + 1}.asc");
    }

    private IReadOnlyList<Recipient> LoadRecipients(IReadOnlyList<string> named)
    {
        try
        {
            return RecipientKeys.Load([.. named.Select(Path.GetFullPath)], time.GetUtcNow(), new HashSet<string>());
        }
        catch (KeyFileException exception)
        {
            throw new SetupException(string.Join("; ", exception.Faults.Select(fault => $"--recipient {fault.File}: {fault.Reason}")));
        }
    }

    private string? FaultOfRecipient(string file)
    {
        try
        {
            RecipientKeys.Load([Path.GetFullPath(file)], time.GetUtcNow(), new HashSet<string>());
            return null;
        }
        catch (KeyFileException exception)
        {
            return string.Join("; ", exception.Faults.Select(fault => $"{fault.File}: {fault.Reason}"));
        }
    }

    // Whoever plants another key here reads every backup: a person, or a script that was given the fingerprint, has to say that it is the one.
    private void Confirm(Recipient recipient)
    {
        questions.Say($"Backups will be readable for: {recipient.Fingerprint} {recipient.UserId}");
        var said = order.Fingerprints.Select(text => text.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant()).ToList();
        if (said.Count > 0 ? !said.Contains(recipient.Fingerprint) : order.IsUnattended)
        {
            throw new SetupException($"{recipient.File}: --fingerprint has to say {recipient.Fingerprint}, if that is the key that you keep (gpg --show-keys FILE)");
        }

        if (said.Count == 0 && !questions.YesNo("Is that the fingerprint of the key that you keep", false, "--fingerprint"))
        {
            throw new SetupException($"nothing was changed: whoever has that key reads the backups; compare with what gpg --show-keys says where the key was made, then run setup again");
        }
    }

    private string? AskRclone(JsonObject perb)
    {
        if (order.RcloneConfig is { } given)
        {
            return File.Exists(given) ? Path.GetFullPath(given) : throw new SetupException($"--rclone-config {given} is not there");
        }

        var place = SetupPlan.RcloneFileOf(perb);
        if (File.Exists(place))
        {
            return null;
        }

        return SetupPlan.DirectoriesOf(perb).Count == ((JsonArray)perb["Remotes"]!).Count ? SetupPlan.NoLogins : throw new SetupException(
            $"rclone does not know your remote yet: runuser -u {order.User} -- rclone config --config {place}, then run setup again; or give the file that knows it with --rclone-config");
    }

    private void AskRemotes(JsonObject perb, string node)
    {
        if (order.Remotes.Count == 0 && perb["Remotes"] is JsonArray { Count: > 0 })
        {
            return;
        }

        var wanted = order.Remotes.Count > 0 ? order.Remotes : [AskRemote(perb, node)];
        var remotes = perb["Remotes"] as JsonArray ?? [];
        perb["Remotes"] = remotes;
        foreach (var word in wanted)
        {
            if (word.Split('=', 2) is not [{ Length: > 0 } name, var path] || !RemotePath.TryParse(path, out _, out _))
            {
                throw new SetupException($"--remote {word}: NAME=PATH is expected, such as gdrive=gdrive:perb/{node}");
            }

            if (remotes.FirstOrDefault(remote => (string?)remote?["Name"] == name) is { } known)
            {
                known["Path"] = path;
            }
            else
            {
                remotes.Add(new JsonObject { ["Name"] = name, ["Path"] = path });
            }
        }
    }

    // Called as rclone calls it, where that can be: so it is called in the README, and by whoever made it.
    private string AskRemote(JsonObject perb, string node)
    {
        var file = order.RcloneConfig ?? SetupPlan.RcloneFileOf(perb);
        var answer = questions.Text(
            $"Where the backups go, as rclone has it, such as gdrive:perb/{node}: a path that nothing else uses (rclone is configured by {file}, {RcloneConfigFile.RemotesInWords(file)})",
            "--remote",
            path => FaultOfRemote(path, file));
        var name = RemotePath.Parse(answer).Remote.TrimEnd(':');
        return $"{(name.Length is > 0 and <= 32 && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_') ? name : "offsite")}={answer}";
    }

    // While it can be said again: doctor would find it, too, but after everything was written.
    private string? FaultOfRemote(string answer, string file)
    {
        if (!RemotePath.TryParse(answer, out var path, out var fault))
        {
            return fault;
        }

        var name = path.Remote.TrimEnd(':').Split(',')[0];
        if (path.Remote.Length == 0 || path.Remote.StartsWith(':'))
        {
            return null; // a directory of this machine, or a remote without a name
        }

        var known = File.Exists(file) ? RcloneConfigFile.Names(file) : null;
        return known is null ? $"rclone does not know {name} yet; in another terminal: runuser -u {order.User} -- rclone config --config {file}"
            : known.Count > 0 && !known.Contains(name) ? $"rclone does not know {name}: {file}, {RcloneConfigFile.RemotesInWords(file)}"
            : null;
    }

    private bool AskSigning(JsonObject encryption)
    {
        if (encryption["SigningKey"] is not null)
        {
            return false;
        }

        var place = Path.Combine(files.Directory, SetupPlan.SigningKeyName);
        var signs = order.Sign ?? questions.YesNo("Sign what is shipped with a key of this node, so that nobody else can put a backup there", !order.IsUnattended, "--sign");
        if (signs)
        {
            encryption["SigningKey"] = place;
        }

        return signs && FileFacts.At(place) is null;
    }

    // The node's own postfix takes mail at localhost:25; sendmail itself does not work without new privileges.
    private void AskNotify(JsonObject perb)
    {
        if (order.MailTo is null && perb["Notify"] is JsonArray { Count: > 0 })
        {
            return;
        }

        var address = order.MailTo ?? questions.Text("Mail address that is told when a guest is not safe (empty: nobody)", "", "--mail-to");
        if (address.Length > 0)
        {
            var entries = perb["Notify"] as JsonArray ?? [];
            perb["Notify"] = entries;
            if (entries.FirstOrDefault(entry => string.Equals((string?)entry?["Kind"], "smtp", StringComparison.OrdinalIgnoreCase)) is { } known)
            {
                known["To"] = new JsonArray(address);
            }
            else
            {
                entries.Add(new JsonObject { ["Kind"] = "smtp", ["To"] = new JsonArray(address), ["Host"] = "localhost" });
            }
        }
    }

    // What others may reach needs files that only the administrator has: the configuration says them.
    private void AskPage(JsonObject perb)
    {
        if (perb["Status"]?["Listen"] is null
            && (order.Page ?? questions.YesNo($"Serve a status page and metrics to this node alone, at http://{SetupPlan.PageAddress}", false, "--page")))
        {
            Section(perb, "Status")["Listen"] = SetupPlan.PageAddress;
        }
    }

    private static JsonObject Section(JsonObject parent, string name)
    {
        if (parent[name] is JsonObject section)
        {
            return section;
        }

        var made = new JsonObject();
        parent[name] = made;
        return made;
    }
}
