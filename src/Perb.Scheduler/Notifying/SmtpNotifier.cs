using System.Net.Sockets;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using Perb.Scheduler.Configuration;
using Perb.Transfer;

namespace Perb.Scheduler.Notifying;

/// <summary>Mail by a mail server; on a node <c>localhost:25</c> is enough, and works from every sandbox.</summary>
internal sealed class SmtpNotifier(NotifySection entry, string? password, TimeProvider time) : INotifier
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public NotifySection Entry => entry;

    public string Destination => $"{string.Join(", ", entry.To)} by {Server}";

    private string Server => $"{entry.Host}:{entry.Port}";

    private SecureSocketOptions Security => entry switch
    {
        { Port: NotifyPorts.ImplicitTls } => SecureSocketOptions.SslOnConnect,
        { StartTls: true } => SecureSocketOptions.StartTls,
        _ => SecureSocketOptions.None,
    };

    public async Task SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            using var message = MailText.Of(notification, entry);
            using var client = new SmtpClient();
            client.Timeout = (int)Patience.TotalMilliseconds;
            client.CheckCertificateRevocation = false; // a node reaches no revocation lists; the certificate itself is checked
            await client.ConnectAsync(entry.Host, entry.Port, Security, stop.Token);
            if (entry.User is { } user)
            {
                await client.AuthenticateAsync(user, password!, stop.Token);
            }

            await client.SendAsync(message, stop.Token);
            await client.DisconnectAsync(quit: true, stop.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NotifyException($"{Server} did not take the mail within {Patience:c}");
        }
        catch (Exception exception) when (exception is SocketException or IOException or CommandException or ProtocolException
            or AuthenticationException or SslHandshakeException or TimeoutException or NotSupportedException)
        {
            throw new NotifyException($"{Server}: {Printable.Clean(exception.Message.ReplaceLineEndings(" "))}")
            {
                IsOfMessage = exception is SmtpCommandException { ErrorCode: SmtpErrorCode.MessageNotAccepted, StatusCode: >= (SmtpStatusCode)500 },
            };
        }
    }
}
