using System.Globalization;
using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Notifying;

/// <summary>The configured ways to people, with the secrets that they need.</summary>
internal sealed class Notifiers(IReadOnlyList<INotifier> all) : IDisposable
{
    public IReadOnlyList<INotifier> All => all;

    /// <summary>Those that are told something; a ping is not.</summary>
    public IEnumerable<INotifier> OfMessages => all.Where(notifier => notifier is not DeadManPing);

    public IEnumerable<DeadManPing> Pings => all.OfType<DeadManPing>();

    /// <exception cref="ConfigurationException">Files of secrets or templates cannot be used; with all faults at once.</exception>
    public static Notifiers Load(IReadOnlyList<NotifySection> entries, string configurationFile, TimeProvider time)
    {
        var faults = new List<string>();
        var notifiers = new List<INotifier>();
        foreach (var (index, entry) in entries.Index())
        {
            try
            {
                notifiers.Add(Of(entry, string.Create(CultureInfo.InvariantCulture, $"Perb:Notify:{index}"), configurationFile, time));
            }
            catch (ConfigurationException exception)
            {
                faults.AddRange(exception.Faults);
            }
        }

        return faults.Count == 0 ? new Notifiers(notifiers) : throw new ConfigurationException(faults);
    }

    public void Dispose()
    {
        foreach (var notifier in all.OfType<IDisposable>())
        {
            notifier.Dispose();
        }
    }

    private static INotifier Of(NotifySection entry, string key, string configurationFile, TimeProvider time)
    {
        switch (entry.Kind)
        {
            case NotifyKind.Mail:
                return new SendmailNotifier(entry, time);
            case NotifyKind.Smtp:
                return new SmtpNotifier(
                    entry, entry.PasswordFile is { } file ? SecretFile.ReadText($"{key}:PasswordFile", file, configurationFile) : null, time);
            default:
                var access = WebAccess.Read(entry, key, configurationFile);
                var call = new WebCall(entry, key, access, time);
                return entry.Kind == NotifyKind.Ping ? new DeadManPing(entry, access, call) : new WebNotifier(entry, access, call);
        }
    }
}
