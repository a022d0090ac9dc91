using System.CommandLine;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Notifying;
using Perb.Transfer;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb notify --test</c>: a message to every entry of Notify, and what became of each.</summary>
internal static class NotifyCommand
{
    public static Command Of(Option<string?> config, Option<bool> json)
    {
        var test = new Option<bool>("--test") { Description = "a test message to every entry of Notify" };
        var notify = new Command("notify", "sends a test message to every entry of Notify and says for each what became of it") { test };
        notify.Validators.Add(result =>
        {
            if (!result.GetValue(test))
            {
                result.AddError("notify sends nothing but tests by hand: say --test.");
            }
        });
        notify.SetAction((result, token) => CommandLine.Code(RunAsync(result.GetValue(config), result.GetValue(json), token)));
        return notify;
    }

    private static async Task<ExitCode> RunAsync(string? configuration, bool asJson, CancellationToken cancellationToken)
    {
        var settings = Settings.LoadAsServiceUser(configuration);
        if (settings.Options.Notify.Count == 0)
        {
            return await Screen.SayAsync(ExitCode.Failed, $"{settings.File}: Perb:Notify has no entry: nobody is notified of anything");
        }

        using var notifiers = Notifiers.Load(settings.Options.Notify, settings.File, TimeProvider.System);
        var message = NotificationText.Test(settings.Options.Proxmox.Node, TimeProvider.System.GetUtcNow());
        var results = await Task.WhenAll(notifiers.All.Select(notifier => TryAsync(notifier, message, cancellationToken)));
        if (asJson)
        {
            Screen.WriteJson(results, NotifyJson.Default.NotifyDocumentArray);
        }
        else
        {
            foreach (var result in results)
            {
                Console.Out.WriteLine(Printable.Clean($"{result.Name} ({result.Kind}): {result.Text}", 1000));
            }
        }

        return results.All(result => result.Result == NotifyDocument.Ok) ? ExitCode.Ok : ExitCode.Failed;
    }

    private static async Task<NotifyDocument> TryAsync(INotifier notifier, Notification message, CancellationToken cancellationToken)
    {
        var (name, kind) = (notifier.Entry.Name, NotifyReader.Word(notifier.Entry.Kind));
        try
        {
            await notifier.SendAsync(message, cancellationToken);
            return new NotifyDocument(name, kind, NotifyDocument.Ok, $"taken over by {notifier.Destination}{Doubt(notifier)}");
        }
        catch (NotifyException exception)
        {
            return new NotifyDocument(name, kind, NotifyDocument.Fail, $"FAILED: {exception.Message}");
        }
    }

    // A shell is not the service's sandbox: what works here may not work there.
    private static string Doubt(INotifier notifier) => notifier is SendmailNotifier && SendmailSandbox.MayDifferInService(notifier.Entry.Program)
        ? "; mind that it cannot work in a service with NoNewPrivileges=yes: there, use the kind smtp with Host localhost"
        : "";
}
