using System.Security.Authentication;

namespace Perb.ProxmoxClient;

/// <summary>Translates what went wrong before there was an answer.</summary>
internal static class NetworkFailure
{
    public static UnavailableException Timeout(Uri server, string path, TimeSpan timeout, Exception cause) => new(
        $"{server.Describe()} did not answer {path} within {timeout.TotalSeconds:0.#} s", cause)
    {
        Path = path,
    };

    public static BadAnswerException BrokenCompression(Uri server, string path, Exception cause) => new(
        $"{server.Describe()} answered {path} with data that cannot be decompressed", cause)
    {
        Path = path,
    };

    public static ProxmoxException From(Uri server, string path, HttpRequestException failure)
    {
        if (Find<UntrustedCertificateException>(failure) is { } untrusted)
        {
            return untrusted;
        }

        var text = ForeignText.OneLine(failure.GetBaseException().Message);
        return failure.HttpRequestError switch
        {
            HttpRequestError.ConfigurationLimitExceeded => new BadAnswerException(
                $"{server.Describe()} answered {path} with more than this program reads", failure) { Path = path },
            HttpRequestError.InvalidResponse => new BadAnswerException(
                $"{server.Describe()} answered {path} with something that is not HTTP ({text}): check Proxmox:Url",
                failure) { Path = path },
            HttpRequestError.NameResolutionError => Unavailable(
                $"The name in {server.Describe()} cannot be resolved ({text}): check Proxmox:Url and the name service"),
            HttpRequestError.SecureConnectionError when Find<AuthenticationException>(failure) is not null =>
                Unavailable($"{server.Describe()} could not agree on TLS ({text}): check that Proxmox:Url names the "
                    + "port of pveproxy"),
            HttpRequestError.ResponseEnded => Unavailable(
                $"{server.Describe()} closed the connection before it had answered {path}: it may be restarting, or "
                + "/etc/default/pveproxy (ALLOW_FROM, DENY_FROM) keeps this address out"),
            _ => Unavailable(
                $"{server.Describe()} cannot be reached ({text}): check Proxmox:Url and that pveproxy is running"),
        };

        UnavailableException Unavailable(string message) => new(message, failure) { Path = path };
    }

    private static T? Find<T>(Exception? exception)
        where T : Exception
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is T found)
            {
                return found;
            }
        }

        return null;
    }
}
