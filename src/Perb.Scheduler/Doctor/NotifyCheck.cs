using Perb.Scheduler.Configuration;
using Perb.Scheduler.Notifying;

namespace Perb.Scheduler.Doctor;

/// <summary>Somebody is told when a guest is not safe, and what that needs (secrets, templates, authorities) can be read. Nothing is sent.</summary>
internal sealed class NotifyCheck(Settings settings, TimeProvider time) : ICheck
{
    public string Subject => "notify";

    public string Fix => $"mend the file or the entry of Notify in {settings.File}";

    public Task RunAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        using var notifiers = Notifiers.Load(settings.Options.Notify, settings.File, time);
        say(notifiers.All.Count == 0
            ? Finding.Warn(Subject, "nobody is told when a guest is not safe", "perb setup --yes --mail-to root --start, or Notify in the configuration")
            : Finding.Ok(
                Subject,
                $"{string.Join(", ", notifiers.All.Select(notifier => $"{notifier.Entry.Name} ({notifier.Destination})"))}; perb notify --test tries them"));
        return Task.CompletedTask;
    }
}
