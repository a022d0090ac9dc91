using Perb.Scheduler.Discovery;

namespace Perb.Scheduler.Setup;

/// <summary>
/// Makes the token that may only look: role, user, token, and the role for both, since a token gets what both have. The lines are shown
/// before they are run.
/// </summary>
internal sealed class GrantToken(Pveum pveum)
{
    /// <summary>The lines, as far as they are needed; the one that makes the token is among them where Proxmox has none of that name.</summary>
    /// <param name="tokenId"><c>user@realm!name</c>.</param>
    /// <param name="keepsToken">Its secret is in our hands already, and worthless if the token was revoked since.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <exception cref="SetupException">pveum refuses; or the token is there, and nobody can see its secret again.</exception>
    public async Task<IReadOnlyList<string[]>> PlanAsync(string tokenId, bool keepsToken, CancellationToken cancellationToken)
    {
        var (user, name) = Split(tokenId);
        var role = TokenPrivileges.Role;
        var hasUser = await pveum.HasAsync(["user", "list"], "userid", user, cancellationToken);
        var hasToken = hasUser && await pveum.HasAsync(["user", "token", "list", user], "tokenid", name, cancellationToken);
        if (hasToken && !keepsToken)
        {
            throw new SetupException(
                $"the token {tokenId} is there already, and Proxmox shows a secret only once: pveum user token remove {user} {name}, and run setup again; or give the secret with --token-secret-file");
        }

        return
        [
            ["role", await pveum.HasAsync(["role", "list"], "roleid", role.Role, cancellationToken) ? "modify" : "add", role.Role, "--privs", role.Privileges],
            .. hasUser ? [] : (string[][])[["user", "add", user, "--comment", "Perb ships backups offsite"]],
            ["acl", "modify", "/", "--users", user, "--roles", role.Role],
            .. hasToken ? [] : (string[][])[["user", "token", "add", user, name, "--privsep", "1"]],
            ["acl", "modify", "/", "--tokens", tokenId, "--roles", role.Role],
        ];
    }

    public string InWords(string[] line) => pveum.Line(line);

    /// <param name="lines">The plan's.</param>
    /// <param name="keep">Is given the secret of a token that was made, at once: Proxmox never shows it again, whatever happens next.</param>
    /// <param name="cancellationToken">Stops between and in the lines, but not while the token is made.</param>
    /// <exception cref="SetupException">One of them failed.</exception>
    public async Task RunAsync(IReadOnlyList<string[]> lines, Func<string, Task> keep, CancellationToken cancellationToken)
    {
        foreach (var line in lines)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (line is not ["user", "token", "add", ..])
            {
                await pveum.RunAsync(line, cancellationToken);
                continue;
            }

            var answer = await pveum.RunAsync([.. line, "--output-format", "json"], CancellationToken.None);
            await keep((string?)pveum.Parse(answer)?["value"]
                ?? throw new SetupException("pveum made the token and did not show its secret: remove the token, and run setup again"));
        }
    }

    private static (string User, string Name) Split(string tokenId) => tokenId.Split('!') is [{ Length: > 0 } user, { Length: > 0 } name] && user.Contains('@', StringComparison.Ordinal)
        ? (user, name)
        : throw new SetupException($"--token-id {tokenId}: a token is called user@realm!name, such as perb@pve!node");
}
