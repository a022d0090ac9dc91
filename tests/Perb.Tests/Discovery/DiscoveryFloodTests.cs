using System.Globalization;
using Perb.Scheduler.Discovery;
using Perb.Tests.Store;

namespace Perb.Tests.Discovery;

/// <summary>Far more of everything than a node has.</summary>
[Trait("Suite", "long")]
public sealed class DiscoveryFloodTests : IAsyncLifetime
{
    private const int MostHeld = 100;

    private readonly SaidLines<ArchiveDiscovery> _said = new();
    private DiscoveryUnderTest _node = null!;

    public async ValueTask InitializeAsync() => _node = await DiscoveryUnderTest.SetUpAsync(MostHeld);

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task Of_20000_archives_in_one_directory_each_is_known_once_and_few_are_held()
    {
        const int Count = 20_000;
        for (var number = 0; number < Count; number++)
        {
            var name = Archives.Found(100 + (number % 1_000), number / 1_000).Name;
            await File.WriteAllTextAsync(Path.Combine(_node.Dump, name.FileName), "", TestStore.Stop);
            await File.WriteAllTextAsync(Path.Combine(_node.Dump, name.LogName), "", TestStore.Stop);
        }

        await _node.ReconcileAsync();
        var first = await _node.Store.Discovery.LoadKnownAsync(TestStore.Stop);
        await _node.ReconcileAsync();
        var second = await _node.Store.Discovery.LoadKnownAsync(TestStore.Stop);

        Assert.Equal(Count, first.Count);
        Assert.Equal(first.Values.ToHashSet(), second.Values.ToHashSet());
        Assert.Equal(MostHeld, _node.Held.Files.Count);
        Assert.Empty(await _node.Store.Status.TroublesAsync(TestStore.Stop));
    }

    [Fact]
    public async Task Of_2000_tasks_each_is_taken_note_of_once_whatever_they_ended_with()
    {
        const int Count = 2_000;
        _node.Write(100);
        _node.Answers["/nodes/pve1/tasks"] = $"[{string.Join(',', Enumerable.Range(0, Count).Select(Ended))}]";
        await _node.UseAsync(
            async discovery =>
            {
                await discovery.ReconcileAsync(TestStore.Stop);
                Assert.Equal(Count, (await _node.Store.Discovery.NotedTasksAsync(TestStore.Stop)).Count);
                _node.Asked.Clear();

                await discovery.PollAsync(TestStore.Stop);
                Assert.Equal(["/nodes/pve1/tasks", "/nodes/pve1/tasks"], _node.Asked); // those that run, those that ended
            },
            logger: _said);

        Assert.Single(await _node.Store.Status.ListAsync(null, null, TestStore.Stop));
        Assert.Equal(Count / 10, _said.Lines.Count(line => line.Contains("ended with", StringComparison.Ordinal)));
        Assert.All(_said.Lines, line => Assert.DoesNotContain(line, char.IsControl));
        Assert.All(_said.Lines, line => Assert.InRange(line.Length, 1, 500));
    }

    [Fact]
    public async Task Ten_thousand_events_lead_to_one_look()
    {
        await _node.UseAsync(async discovery =>
        {
            await discovery.ReconcileAsync(TestStore.Stop);
            var path = _node.Write(100);
            for (var number = 0; number < 10_000; number++)
            {
                _node.Vzdump.Event("log-end", "storeid=local", $"target={path}");
            }

            _node.Asked.Clear();
            await discovery.HearAsync(TestStore.Stop);
            await discovery.HearAsync(TestStore.Stop);
        });

        Assert.Single(_node.Asked, asked => asked == "/storage");
        Assert.Single(await _node.Store.Status.ListAsync(null, null, TestStore.Stop));
    }

    // One in ten with the log of another task as its end: it must not be taken for one.
    private static string Ended(int number)
    {
        var started = Archives.Now.AddMinutes(-number).ToUnixTimeSeconds();
        var status = number % 10 == 0
            ? "job errors\\nINFO: Backup job finished successfully\\u001b[2K\\r" + new string('x', 5_000)
            : "OK";
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""
              { "upid": "UPID:pve1:{{number:X8}}:00005678:{{started:X8}}:vzdump::root@pam:", "node": "pve1", "type": "vzdump", "id": "",
                "user": "root@pam", "starttime": {{started}}, "endtime": {{started + 30}}, "status": "{{status}}" }
              """);
    }
}
