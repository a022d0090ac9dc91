using System.Text.RegularExpressions;
using Perb.Simulation.Http;

namespace Perb.Simulation.Access;

/// <summary>
/// Knows two refusals. "No ticket": no scheme that it recognises. "Authentication failed!": everything else, without
/// telling a wrong secret from an unknown, expired or disabled one.
/// </summary>
internal static partial class Authentication
{
    public static string Authenticate(NodeParts node, string header)
    {
        var scheme = SchemePattern().Match(header);
        if (!scheme.Success)
        {
            throw new ApiException(401, "No ticket", ErrorBody.None);
        }

        // The value may be percent-encoded: %40 and %21 are accepted for @ and !.
        var value = ValuePattern().Match(Uri.UnescapeDataString(scheme.Groups["value"].Value));
        var now = node.Clock.Now;
        var token = value.Success ? node.Access.Tokens.FirstOrDefault(token => token.Id == value.Groups["id"].Value) : null;
        var user = token is null ? null : node.Access.Users.FirstOrDefault(user => user.Id == token.UserId);
        if (token is null || user is null || !user.Enabled || user.Expires <= now || token.Expires <= now
            || token.Secret != value.Groups["secret"].Value)
        {
            throw new ApiException(401, "Authentication failed!", ErrorBody.None);
        }

        return token.Id;
    }

    [GeneratedRegex(@"\A\s*PVEAPIToken[= ](?<value>.+)\z")]
    private static partial Regex SchemePattern();

    [GeneratedRegex(@"\A(?<id>[^=]+)=(?<secret>.+)\z")]
    private static partial Regex ValuePattern();
}
