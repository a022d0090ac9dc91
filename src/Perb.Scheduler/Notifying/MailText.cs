using MimeKit;
using MimeKit.Utils;
using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Notifying;

/// <summary>
/// A message as mail: plain text, 7 bits on the wire. Title and addresses are made headers by MimeKit, which encodes what could end one;
/// what stands in them was made harmless before.
/// </summary>
internal static class MailText
{
    public static MimeMessage Of(Notification notification, NotifySection entry)
    {
        // Without a domain: the node's own mail program adds the right one, which nobody else here knows.
        var from = entry.From is { } address ? MailboxAddress.Parse(address) : new MailboxAddress("Perb", "perb");
        var message = new MimeMessage
        {
            Subject = notification.Title,
            Date = notification.At,
            MessageId = MimeUtils.GenerateMessageId(from.Domain.Length > 0 ? from.Domain : notification.Node),
            Body = new TextPart("plain") { Text = notification.Text },
        };
        message.From.Add(from);
        message.To.AddRange(entry.To.Select(MailboxAddress.Parse));
        message.Headers.Add("Auto-Submitted", "auto-generated"); // no out-of-office answers
        message.Headers.Add("X-Perb-Event", notification.Event);
        message.Prepare(EncodingConstraint.SevenBit);
        return message;
    }
}
