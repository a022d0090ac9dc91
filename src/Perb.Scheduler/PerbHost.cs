using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Perb.ProxmoxClient;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Notes;
using Perb.Scheduler.Notifying;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Scheduler.Rebuilding;
using Perb.Scheduler.Remotes;
using Perb.Scheduler.Retention;
using Perb.Scheduler.Safety;
using Perb.Scheduler.Scheduling;
using Perb.Scheduler.StatusPage;
using Perb.Scheduler.Store;
using Perb.Scheduler.Verifying;
using Perb.Scheduler.Wishes;
using Perb.Transfer.Rclone;
using Perb.Transfer.Sealing;

namespace Perb.Scheduler;

/// <summary>The composition root: every part, by hand, on one screen.</summary>
internal static class PerbHost
{
    private const string ProxmoxKey = "proxmox";

    /// <summary>Opens what the parts rest on and puts them together; nothing runs yet.</summary>
    /// <exception cref="ConfigurationException">Secret, CA file, keys, rclone's configuration or store cannot be used.</exception>
    public static async Task<IHost> BuildAsync(
        Settings settings, StateDirectory state, LogTarget logTarget, CancellationToken cancellationToken)
    {
        var options = settings.Options;
        var time = TimeProvider.System;
        if (NamedFiles.Trusted(options) is { Count: > 0 } faults)
        {
            throw new ConfigurationException(faults);
        }

        var proxmox = NodeClient.Open(settings);
        var database = await Database.OpenForServiceAsync(options.StorePath, cancellationToken);
        var pipelineStore = new PipelineStore(database, time);
        var keys = InstallationKeys.Load(settings, time.GetUtcNow(), await pipelineStore.RecipientsInUseAsync(cancellationToken));

        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "perb" });
        var services = builder.Services;
        services.AddSystemd();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(60));
        services.AddPerbLogging(settings, logTarget);

        services.AddSingleton(options).AddSingleton(options.Encryption).AddSingleton(options.Staging);
        services.AddSingleton(time).AddSingleton(state).AddSingleton(database).AddSingleton(pipelineStore);
        services.AddSingleton<ClaimStore>().AddSingleton<DiscoveryStore>().AddSingleton<StatusStore>().AddSingleton<Troubles>().AddSingleton<KeyExpiry>();

        // By factories, so that the container ends what can be disposed. The client sends the token with every request: it is the API's alone.
        services.AddKeyedSingleton(ProxmoxKey, (_, _) => proxmox);
        services.AddSingleton(provider => new ProxmoxApi(provider.GetRequiredKeyedService<HttpClient>(ProxmoxKey)));
        services.AddDiscovery(options);
        services.AddSingleton<ViewCheck>().AddSingleton<HookScript>().AddSingleton<NoteStore>().AddSingleton<WriteNotes>();

        services.AddSingleton(keys.Recipients).AddSingleton(keys.Signing);
        services.AddSingleton(options.Rclone.ToOptions());
        services.AddSingleton<RcloneProgram>().AddSingleton<VolumeSealer>();
        services.AddSingleton<IReadOnlyList<Remote>>([.. options.Remotes.Select(Remote.Of)]);

        services.AddPipeline(options, time);

        services.AddSingleton<RetentionStore>().AddSingleton<ClockWatch>().AddSingleton<PlanPrune>().AddSingleton<PruneRemote>();
        services.AddSingleton<VerificationStore>().AddSingleton<CheckCopy>().AddSingleton<VerifyRemote>().AddSingleton<RebuildStore>().AddSingleton<RebuildFromRemote>();
        services.AddSingleton<JobBoundary>().AddHostedService<ShippingLoops>().AddSingleton<ProgressLoop>().AddSingleton<HoldLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<ProgressLoop>());
        services.AddHostedService(provider => provider.GetRequiredService<HoldLoop>());
        services.AddSingleton<Heartbeat>().AddHostedService(provider => ActivatorUtilities.CreateInstance<Watchdog>(provider, new SystemdNotifier()));
        services.AddHostedService<HookLoop>().AddHostedService<IdleMemory>().AddWishes();
        services.AddNotifying(settings);
        services.AddMonitoring(settings);
        services.AddSchedule(options);
        return builder.Build();
    }

    // Their secrets are read when the service starts: `perb once` ships also where nobody can be told of it.
    private static void AddNotifying(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton<SafetyReport>().AddSingleton<AlarmStore>().AddSingleton<Concerns>().AddSingleton<LookForAlarms>();
        services.AddSingleton(_ => Notifiers.Load(settings.Options.Notify, settings.File, TimeProvider.System));
        services.AddHostedService<NotifyLoop>();
    }

    // As above; what is served is made only where somebody asks for it.
    private static void AddMonitoring(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton<ShippingMetrics>().AddSingleton<MonitoringStore>().AddSingleton<RemoteStocks>().AddSingleton<StatusLook>();
        services.AddSingleton<MetricsText>().AddSingleton<Health>().AddSingleton<PageModelReader>().AddSingleton<LiveQueue>();
        services.AddSingleton(_ => PageSecrets.Load(settings, TimeProvider.System)).AddSingleton<PageAnswers>();
        services.AddHostedService<StatusServer>();
    }

    private static void AddDiscovery(this IServiceCollection services, PerbOptions options)
    {
        services.AddSingleton(new DumpListing(options.TimeZone));
        services.AddSingleton(new DiscoveryDiff(new CatchUpPolicy(options.Discovery), [.. options.Remotes.Select(remote => remote.Name)]));
        services.AddSingleton(provider => new VzdumpTasks(provider.GetRequiredService<ProxmoxApi>(), options.Proxmox.Node));
        services.AddSingleton(new HookSpool(options.Discovery.SpoolDirectory)).AddSingleton<HookEvents>();
        services.AddSingleton<StorageListing>().AddSingleton<HeldArchives>().AddSingleton<ArchiveDiscovery>();
    }

    private static void AddPipeline(this IServiceCollection services, PerbOptions options, TimeProvider time)
    {
        services.AddSingleton(new Crash(Environment.GetEnvironmentVariable("PERB_CRASH_AT")));
        services.AddSingleton<WakeUp>().AddSingleton<Activities>().AddSingleton<StagingArea>();
        services.AddSingleton(_ => new SealerSlots(options.Staging.Sealers));
#pragma warning disable RS0030 // Injected here, for all: workers run in parallel, and no other Random may be shared by threads.
        services.AddSingleton(new RetryPolicy(Random.Shared.NextDouble));
#pragma warning restore RS0030
        services.AddSingleton(provider => new ReadRemote(
            provider.GetRequiredService<RcloneProgram>(), provider.GetRequiredService<ManifestSigning>().Trusted, time));
        services.AddSingleton<RemoteGate>().AddSingleton<LookAtRemote>().AddSingleton<AdoptPublished>().AddSingleton<PlanSealing>();
        services.AddSingleton<SealVolume>().AddSingleton<UploadVolume>().AddSingleton<VerifyObject>().AddSingleton<CarryVolume>().AddSingleton<CarryVolumes>();
        services.AddSingleton<UploadSmallObject>().AddSingleton<EndUploader>().AddSingleton<PublishManifest>().AddSingleton<BackupPipeline>();
        services.AddSingleton<CheckManifest>().AddSingleton<PlaceObject>().AddSingleton<PublishSignature>().AddSingleton<RemoveCutShort>().AddSingleton<RemoveDamaged>();
        services.AddSingleton<LeaseKeeper>().AddSingleton<ShipClaim>().AddSingleton<Preflight>().AddSingleton<TakeOver>().AddSingleton<UnconfiguredRemotes>();
        services.AddSingleton<UploadStore>().AddSingleton(provider => new UploadLimits(provider.GetRequiredService<UploadStore>(), options.TimeZone, time));
        services.AddSingleton<IReadOnlyDictionary<string, RemoteTraffic>>(
            options.Remotes.ToDictionary(remote => remote.Name, remote => new RemoteTraffic(remote.Uploads)));
        services.AddSingleton<IReadOnlyList<BackupWorker>>(provider =>
            [.. provider.GetRequiredService<IReadOnlyList<Remote>>().SelectMany(remote => WorkersOf(remote, provider))]);
    }

    private static IEnumerable<BackupWorker> WorkersOf(Remote remote, IServiceProvider provider)
    {
        var door = ActivatorUtilities.CreateInstance<RemoteDoor>(provider, remote);
        var traffic = provider.GetRequiredService<IReadOnlyDictionary<string, RemoteTraffic>>()[remote.Name];

        // One more than uploads: while volumes of one backup are sent the next is sealed.
        return Enumerable.Range(0, remote.Uploads + 1).Select(_ => ActivatorUtilities.CreateInstance<BackupWorker>(provider, remote, door, traffic));
    }

    private static void AddWishes(this IServiceCollection services)
    {
        services.AddSingleton<ByHandStore>().AddSingleton<WishStore>().AddSingleton<ArchivesByHand>();
        services.AddSingleton<CopiesByHand>().AddSingleton<CarryOutWish>().AddSingleton<OpenWishes>().AddSingleton<WishLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<WishLoop>());
    }
}
