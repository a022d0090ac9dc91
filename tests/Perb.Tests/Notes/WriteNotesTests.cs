using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Perb.Scheduler.Backups;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Notes;
using Perb.Scheduler.Observability;
using Perb.Scheduler.Store;
using Perb.TestKit.Http;
using Perb.Tests.Configuration;
using Perb.Tests.Discovery;
using Perb.Tests.ProxmoxClient;
using Perb.Tests.Store;

namespace Perb.Tests.Notes;

/// <summary>Notes of one archive on a scripted node, with a real store and a real archive.</summary>
public sealed class WriteNotesTests : IAsyncLifetime
{
    private const string Writer = """{ "/": { "Datastore.AllocateSpace": 1, "VM.Backup": 1 } }""";
    private const string Line = "offsite: r verified 2026-11-20 12:00 (hash)";

    private TestStore _store = null!;
    private NodeConnection _node = null!;
    private WriteNotes _notes = null!;
    private FoundArchive _archive = null!;

    private string _permissions = Writer;
    private string? _text = "web";
    private Func<RawAnswer?> _onRead = () => null;
    private Action _afterWrite = () => { };

    private int Reads => _node.Node.Requests.Count(request => request.Method == "GET" && request.Target.Contains("/content/", StringComparison.Ordinal));

    private int Writes => _node.Node.Requests.Count(request => request.Method == "PUT");

    public async ValueTask InitializeAsync()
    {
        _store = await TestStore.OpenAsync();
        _node = new NodeConnection(Answer);
        var found = Archives.Found(100);
        _archive = found with { Path = Path.Combine(_store.Folder, found.Name.FileName) };
        File.WriteAllBytes(_archive.Path, new byte[_archive.SizeBytes]);
        File.SetLastWriteTimeUtc(_archive.Path, _archive.ModifiedAt.UtcDateTime);
        _notes = Notes();
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task A_published_copy_is_noted_once_also_after_a_restart()
    {
        await _store.PublishAsync(_archive);

        await RunAsync();
        await RunAsync();
        _notes = Notes();
        await RunAsync();

        Assert.Equal("web\n" + Line, _text);
        Assert.Equal((2, 1), (Reads, Writes)); // read, write, read again; never again
        Assert.Equal("noted", (await _store.EventsAsync(1))[^1]);
        Assert.Null(await TroubleAsync());
    }

    [Fact]
    public async Task A_run_cut_before_the_record_writes_nothing_twice()
    {
        await _store.PublishAsync(_archive);
        await RunAsync();
        await _store.ExecuteAsync("UPDATE backup SET noted = NULL");

        await RunAsync();

        Assert.Equal("web\n" + Line, _text);
        Assert.Equal(1, Writes);
    }

    [Fact]
    public async Task Nothing_is_asked_or_written_before_there_is_a_copy()
    {
        await _store.AddAsync(_archive);

        await RunAsync();

        Assert.Equal((0, 0), (Reads, Writes));
    }

    [Fact]
    public async Task Each_remote_has_a_line_of_its_own()
    {
        await _store.PublishAsync(_archive);
        await RunAsync();
        await _store.PublishAsync(_archive, "s", VerifyLevel.Size);

        await RunAsync();

        Assert.Equal($"web\n{Line}\noffsite: s verified 2026-11-20 12:00 (size)", _text);
    }

    [Fact]
    public async Task A_copy_that_is_published_anew_is_noted_anew()
    {
        await _store.PublishAsync(_archive);
        await RunAsync();
        await _store.ExecuteAsync("UPDATE backup SET published_at = '2026-11-20T12:30:00.0000000Z', verified_at = '2026-11-20T12:30:00.0000000Z'");

        await RunAsync();

        Assert.Equal("web\noffsite: r verified 2026-11-20 12:30 (hash)", _text);
    }

    [Fact]
    public async Task What_somebody_else_writes_over_is_written_again()
    {
        await _store.PublishAsync(_archive);
        _afterWrite = () =>
        {
            _text = "somebody else's";
            _afterWrite = () => { };
        };

        await RunAsync();

        Assert.Equal("somebody else's\n" + Line, _text);
        Assert.Null(await TroubleAsync());
    }

    [Fact]
    public async Task Who_writes_all_the_time_wins_for_now()
    {
        await _store.PublishAsync(_archive);
        _afterWrite = () => _text = "mine alone";

        await RunAsync();

        Assert.Equal(2, Writes);
        Assert.Contains("somebody else writes them", await TroubleAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_fails_is_asked_again_later_and_the_trouble_ends()
    {
        await _store.PublishAsync(_archive);
        _onRead = () => RawAnswer.Json("{}", 500, "unable to activate storage 'local' - not mounted");
        await RunAsync();
        Assert.Contains("do not name its copy on r yet", await TroubleAsync(), StringComparison.Ordinal);
        _onRead = () => null;

        await RunAsync();
        Assert.Equal(1, Reads); // not at once
        _store.Time.Advance(TimeSpan.FromMinutes(1));
        await RunAsync();

        Assert.Equal("web\n" + Line, _text);
        Assert.Null(await TroubleAsync());
    }

    [Fact]
    public async Task Without_the_privileges_nothing_is_tried_and_the_lines_that_give_them_are_shown()
    {
        _permissions = """{ "/": { "Datastore.Audit": 1 } }""";
        await RunAsync(); // at start, with nothing to write
        Assert.Contains("pveum role add PerbNotes", await TroubleAsync(), StringComparison.Ordinal);
        await _store.PublishAsync(_archive);

        await RunAsync();
        Assert.Equal((0, 0), (Reads, Writes));
        _permissions = Writer;
        await RunAsync();

        Assert.Equal("web\n" + Line, _text);
        Assert.Null(await TroubleAsync());
    }

    [Fact]
    public async Task An_archive_that_is_gone_gets_no_stray_notes()
    {
        await _store.PublishAsync(_archive);
        _text = null;

        await RunAsync();
        await RunAsync();

        Assert.Equal((1, 0), (Reads, Writes));
        Assert.Equal("not noted", (await _store.EventsAsync(1))[^1]);
        Assert.Null(await TroubleAsync());
    }

    [Fact]
    public async Task An_archive_that_goes_while_it_is_noted_leaves_no_stray_notes()
    {
        await _store.PublishAsync(_archive);
        var written = new List<string?>();
        _afterWrite = () =>
        {
            written.Add(_text);
            _onRead = () => RawAnswer.Json("{}", 500, "volume_size_info on 'x' failed - no format");
        };

        await RunAsync();

        Assert.Equal(["web\n" + Line, ""], written);
    }

    [Fact]
    public async Task Another_archive_of_the_same_name_is_left_alone()
    {
        await _store.PublishAsync(_archive);
        File.WriteAllBytes(_archive.Path, new byte[3]);

        await RunAsync();

        Assert.Equal(("web", 0), (_text, Writes));
        Assert.Equal("not noted", (await _store.EventsAsync(1))[^1]);
    }

    [Fact]
    public async Task Notes_that_would_not_fit_are_left_alone()
    {
        await _store.PublishAsync(_archive);
        _text = new string('ü', 10_000);

        await RunAsync();

        Assert.Equal(0, Writes);
        Assert.Equal("not noted", (await _store.EventsAsync(1))[^1]);
    }

    [Fact]
    public async Task A_week_later_nobody_looks_for_it_any_more()
    {
        await _store.PublishAsync(_archive);
        _store.Time.Advance(TimeSpan.FromDays(8));

        await RunAsync();

        Assert.Equal(0, Reads);
    }

    [Fact]
    public async Task Where_it_is_switched_off_nothing_is_asked_and_old_trouble_ends()
    {
        await _store.PublishAsync(_archive);
        await _store.Status.RaiseAsync(WriteNotes.Subject, "old", TestStore.Stop);
        _notes = Notes("false");

        await RunAsync();

        Assert.Empty(_node.Node.Requests);
        Assert.Null(await TroubleAsync());
    }

    [Fact]
    public async Task Of_a_node_that_does_not_say_what_the_notes_are_they_are_left_alone()
    {
        await _store.PublishAsync(_archive);
        _onRead = () => RawAnswer.Json("""{ "data": { "path": "x", "size": 1024, "used": 1024, "format": "raw", "protected": 0 } }""");

        await RunAsync();

        Assert.Equal(0, Writes);
        Assert.Contains("do not name its copy on r yet", await TroubleAsync(), StringComparison.Ordinal);
    }

    private Task RunAsync() => _notes.RunAsync(TestStore.Stop);

    private async Task<string?> TroubleAsync() =>
        (await _store.Status.TroublesAsync(TestStore.Stop)).SingleOrDefault(trouble => trouble.Subject == WriteNotes.Subject)?.Text;

    private WriteNotes Notes(string on = "true") => new(
        _node.Api,
        new NoteStore(_store.Database, _store.Time),
        new Troubles(_store.Status, NullLogger<Troubles>.Instance),
        new RetryPolicy(() => 0.5),
        Some.Options($"\"Proxmox\": {{ \"Node\": \"pve1\", \"WriteNotes\": {on} }}, \"TimeZone\": \"Etc/UTC\""),
        _store.Time,
        NullLogger<WriteNotes>.Instance);

    // As a real node: it takes notes of whatever is named, whether it is there or not.
    private RawAnswer Answer(RawRequest request)
    {
        if (request.Target.EndsWith("/access/permissions", StringComparison.Ordinal))
        {
            return RawAnswer.Json($$"""{ "data": {{_permissions}} }""");
        }

        Assert.EndsWith($"/nodes/pve1/storage/local/content/local:backup/{_archive.Name.FileName}", WebUtility.UrlDecode(request.Target), StringComparison.Ordinal);
        if (request.Method == "PUT")
        {
            _text = WebUtility.UrlDecode(request.BodyText["notes=".Length..]);
            _afterWrite();
            return RawAnswer.Json("""{ "data": null }""");
        }

        return _onRead() ?? (_text is null
            ? RawAnswer.Json("{}", 500, "volume_size_info on 'x' failed - no format")
            : RawAnswer.Json($$"""{ "data": { "path": "x", "size": 1024, "used": 1024, "format": "raw", "protected": 0, "notes": {{JsonSerializer.Serialize(_text)}} } }"""));
    }
}
