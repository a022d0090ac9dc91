using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Store;
using Perb.Scheduler.Wishes;

namespace Perb.Scheduler.Cli;

/// <summary>
/// <c>perb ship</c>, <c>skip</c> and <c>retry</c>: while a service runs they ask it and follow; without one they take the lock and do the
/// work themselves, for the backups that were named and no others.
/// </summary>
internal static class WishCommand
{
    public static Task<ExitCode> RunAsync(string? configuration, bool asJson, Wish wish, CancellationToken cancellationToken) =>
        RunAsync(Settings.LoadAsServiceUser(configuration), asJson, wish, cancellationToken);

    public static Task<ExitCode> RunAsync(Settings settings, bool asJson, Wish wish, CancellationToken cancellationToken)
    {
        var follower = new WishFollower(settings, wish, asJson);
        return wish.Kind == WishKind.Skip
            ? SkipAsync(settings, wish, asJson, follower, cancellationToken)
            : OwnedHost.UseAsync(
                settings,
                LogTarget.StandardError,
                nodeMustAnswer: wish.Kind == WishKind.Ship,
                host => ShipAsync(host, settings, wish, asJson, cancellationToken),
                () => follower.RunAsync(cancellationToken),
                cancellationToken);
    }

    private static async Task<ExitCode> ShipAsync(
        IHost host, Settings settings, Wish wish, bool asJson, CancellationToken cancellationToken)
    {
        await host.Services.GetRequiredService<OpenWishes>().CarryOutAsync(WishRow.Quick, cancellationToken); // what was asked for earlier comes first
        var outcome = await host.Services.GetRequiredService<CarryOutWish>().RunAsync(wish, cancellationToken);
        if (outcome.Faults.Count > 0)
        {
            return await Screen.SayAsync(outcome.Code, outcome.Faults);
        }

        if (outcome.Document is { } document)
        {
            return await WishFollower.SayDocumentAsync(wish.Kind, outcome, document, asJson);
        }

        var open = outcome.Backups.Except(outcome.Already).ToList();
        var result = await OneRun.ShipAsync(host, open, cancellationToken);
        var store = host.Services.GetRequiredService<ByHandStore>();
        var status = host.Services.GetRequiredService<StatusStore>();
        var uploads = host.Services.GetRequiredService<UploadStore>();
        var code = new WishReport(wish, outcome, settings.Options.TimeZone, asJson).Finish(
            await WishFollower.LookAsync(store, status, uploads, outcome, isServed: false, settings.Options.TimeZone, cancellationToken));
        return result.Refused > 0 ? ExitCode.Configuration : code;
    }

    // Nothing but the store is needed to drop a backup: no node, no remote, no key.
    private static async Task<ExitCode> SkipAsync(
        Settings settings, Wish wish, bool asJson, WishFollower follower, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        using var state = await StateDirectory.TryOwnAsync(settings.Options, time, cancellationToken);
        if (state is null)
        {
            return await follower.RunAsync(cancellationToken);
        }

        var database = await Database.OpenForServiceAsync(settings.Options.StorePath, cancellationToken);
        await new ClaimStore(database, time).VoidLeasesAsync(cancellationToken); // nobody works: no claim of the dead may keep a backup
        var (store, wishes) = (new ByHandStore(database, time), new WishStore(database, time));
        if (await wishes.NextAsync(WishRow.Quick, cancellationToken) is not null)
        {
            await wishes.AppendAsync(wish, cancellationToken); // once more after what was asked for earlier, so that the last word counts
        }

        var outcome = await store.SkipAsync(wish.Backups, cancellationToken);
        var status = new StatusStore(database, time);
        await new UnconfiguredRemotes(status, new Troubles(status, NullLogger<Troubles>.Instance), settings.Options).CheckAsync(cancellationToken);
        return outcome.Faults.Count > 0
            ? await Screen.SayAsync(outcome.Code, outcome.Faults)
            : new WishReport(wish, outcome, settings.Options.TimeZone, asJson).Finish(await WishFollower.LookAsync(
                store, status, new UploadStore(database, time), outcome, isServed: false, settings.Options.TimeZone, cancellationToken));
    }
}
