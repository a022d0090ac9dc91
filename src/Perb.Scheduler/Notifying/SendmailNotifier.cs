using System.ComponentModel;
using System.Text;
using CliWrap;
using MimeKit;
using Perb.Scheduler.Configuration;
using Perb.Transfer;

namespace Perb.Scheduler.Notifying;

/// <summary>Mail by the node's own sendmail program, which queues it. Arguments are a list; nothing of the message is one.</summary>
internal sealed class SendmailNotifier(NotifySection entry, TimeProvider time) : INotifier
{
    private const int LongestComplaint = 300;

    // postdrop waits for ever where it may not write to its queue.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly FormatOptions UnixLines = MakeUnixLines();

    public NotifySection Entry => entry;

    public string Destination => $"{string.Join(", ", entry.To)} by {entry.Program}";

    public async Task SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        if (SendmailSandbox.FaultOf(entry.Program) is { } fault)
        {
            throw new NotifyException(fault);
        }

        using var message = MailText.Of(notification, entry);
        using var content = new MemoryStream();
        await message.WriteToAsync(UnixLines, content, cancellationToken);
        content.Position = 0;
        var complaint = new StringBuilder();
        using var patience = new CancellationTokenSource(Patience, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            var sender = ((MailboxAddress)message.From[0]).Address;
            var result = await new Command(entry.Program)
                .WithArguments(["-i", "-f", sender, "--", .. message.To.Mailboxes.Select(mailbox => mailbox.Address)])
                .WithStandardInputPipe(PipeSource.FromStream(content))
                .WithStandardErrorPipe(PipeTarget.ToDelegate(line => Take(complaint, line)))
                .WithEnvironmentVariables(variables => variables.Set("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"))
                .WithValidation(CommandResultValidation.None)
                .ExecuteAsync(stop.Token);
            if (result.ExitCode != 0)
            {
                throw new NotifyException($"{entry.Program} ended with {result.ExitCode}: {Printable.Clean(complaint.ToString(), LongestComplaint)}");
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NotifyException($"{entry.Program} did not end within {Patience:c}: {Printable.Clean(complaint.ToString(), LongestComplaint)}");
        }
        catch (Exception exception) when (exception is Win32Exception or IOException)
        {
            throw new NotifyException($"{entry.Program} cannot be run: {Printable.Clean(exception.Message)}; install a mail program, or use the kind smtp");
        }
    }

    private static void Take(StringBuilder complaint, string line)
    {
        if (complaint.Length < LongestComplaint)
        {
            complaint.Append(complaint.Length > 0 ? " " : "").Append(line, 0, Math.Min(line.Length, LongestComplaint));
        }
    }

    private static FormatOptions MakeUnixLines()
    {
        var options = FormatOptions.Default.Clone();
        options.NewLineFormat = NewLineFormat.Unix;
        return options;
    }
}
