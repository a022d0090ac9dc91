using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Pipeline;
using Perb.Tests.Store;
using Perb.Transfer.Sealing;

namespace Perb.Tests.Discovery;

/// <summary>Parts of discovery that a test needs without caring for them.</summary>
internal static class Parts
{
    public static HookEvents NoHook(TestStore store) => Hook(store, new HookSpool(Path.Combine(store.Folder, "no spool")));

    public static HookEvents Hook(TestStore store, HookSpool spool, ILogger<HookEvents>? logger = null) =>
        new(spool, new Troubles(store.Status, NullLogger<Troubles>.Instance), logger ?? NullLogger<HookEvents>.Instance);

    public static HeldArchives Hold(
        FreeSpaceFloor? floor = null, ILogger<HeldArchives>? logger = null, int most = 1_000, Func<string, DriveType>? kindOf = null, TimeProvider? time = null, Func<string, SourceArchive>? openAt = null) =>
        new(new StagingSection("/", 0, floor ?? new FreeSpaceFloor(0, 0), 1), time ?? TimeProvider.System, logger ?? NullLogger<HeldArchives>.Instance)
        {
            Most = most,
            KindOf = kindOf ?? (_ => DriveType.Fixed),
            OpenAt = openAt ?? SourceArchive.Open,
        };
}

/// <summary>Keeps what was said, to be counted.</summary>
internal sealed class SaidLines<T> : ILogger<T>
{
    public List<string> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Add(formatter(state, exception));
}
