using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Perb.TestKit;
using Perb.Transfer.Hashing;
using Perb.Transfer.Rclone;

namespace Perb.Tests.Rclone;

public sealed class RcloneAnswerTests : IDisposable
{
    private static readonly RemotePath Folder = RemotePath.Parse("gdrive:perb");
    private static readonly RemotePath File = Folder.Join("a.enc");

    private readonly FakeRclone _fake = new();
    private readonly RcloneProgram _rclone;

    public RcloneAnswerTests() =>
        _rclone = new RcloneProgram(_fake.Options, TimeProvider.System, NullLogger<RcloneProgram>.Instance);

    public void Dispose() => _fake.Dispose();

    [Fact(Timeout = 30_000)]
    public async Task A_stat_gives_size_time_and_known_hashes()
    {
        _fake.Answers("lsjson", """
            { "Path": "a.enc", "Name": "a.enc", "Size": 42, "ModTime": "2026-11-20T02:00:01.785562676+01:00", "IsDir": false,
              "Hashes": { "sha256": "ab", "md5": "", "whirlpool": "ff" } }
            """);

        var file = await _rclone.StatAsync(File, HashKind.Sha256, Token);

        Assert.NotNull(file);
        Assert.Equal(("a.enc", 42), (file.Name, file.SizeBytes));
        Assert.Equal(new DateTimeOffset(2026, 11, 20, 1, 0, 1, TimeSpan.Zero), file.ModifiedAt!.Value.AddTicks(-7855627));
        Assert.Equal([KeyValuePair.Create(HashKind.Sha256, "ab")], file.Hashes);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("", 3)]
    [InlineData("", 4)]
    [InlineData("", 0)]
    [InlineData("null", 0)]
    [InlineData("""{ "Path": "", "Name": "", "Size": -1, "IsDir": true }""", 0)] // an object store answers so for anything absent
    public async Task An_absent_file_is_null(string stdout, int exitCode)
    {
        _fake.Answers("lsjson", stdout, "directory not found", exitCode);

        Assert.Null(await _rclone.StatAsync(File, null, Token));
    }

    [Theory(Timeout = 30_000)]
    [InlineData("<html>login</html>")]
    [InlineData("""{ "Name": "a.enc" }""")]
    [InlineData("""{ "Name": "a.enc", "Size": "many", "IsDir": false }""")]
    [InlineData("""{ "Name": "a.enc", "Size": 4, """)]
    public async Task An_unreadable_stat_is_one_clear_error(string stdout)
    {
        _fake.Answers("lsjson", stdout);

        AssertUnreadable(await Assert.ThrowsAsync<RcloneException>(() => _rclone.StatAsync(File, null, Token)));
    }

    [Fact(Timeout = 30_000)]
    public async Task Names_in_a_listing_stay_as_they_are()
    {
        _fake.Answers("lsjson", """
            [
            {"Path":"a","Name":"-rf \n\u001b[31m\u202e ümläut","Size":1,"ModTime":"","IsDir":false},
            {"Path":"b","Name":"b","Size":-1,"ModTime":"when?","IsDir":false,"Surprise":{"x":[]}}
            ]
            """);

        var files = await _rclone.ListAsync(Folder, Token);

        Assert.Equal(["-rf \n\u001b[31m\u202e ümläut", "b"], files.Select(file => file.Name));
        Assert.Equal([1, -1], files.Select(file => file.SizeBytes));
        Assert.All(files, file => Assert.Null(file.ModifiedAt));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_listing_longer_than_a_pipe_is_read_to_its_end()
    {
        var entries = Enumerable.Range(0, 20_000).Select(n => $$"""{"Name":"{{n}}","Size":{{n}},"IsDir":false}""");
        _fake.Answers("lsjson", $"[\n{string.Join(",\n", entries)}\n]\n");

        var files = await _rclone.ListAsync(Folder, Token);

        Assert.Equal(20_000, files.Count);
        Assert.Equal("19999", files[^1].Name);
    }

    [Fact(Timeout = 30_000)]
    public async Task An_absent_directory_has_no_files()
    {
        _fake.Answers("lsjson", "[\n", "directory not found", exitCode: 3);

        Assert.Empty(await _rclone.ListAsync(Folder, Token));
    }

    [Fact(Timeout = 30_000)]
    public async Task The_exit_code_counts_before_an_unreadable_answer()
    {
        _fake.Answers("lsjson", "[\n{\"Na", "quota", exitCode: 7);

        var e = await Assert.ThrowsAsync<RcloneException>(() => _rclone.ListAsync(Folder, Token));

        Assert.Equal(RcloneFailure.NoRetry, e.Kind);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("")]
    [InlineData("[\n")]
    [InlineData("[null]")]
    [InlineData("oops")]
    [InlineData("""[{"Name":"a","Size":1,"IsDir":false}] and more""")]
    public async Task An_unreadable_listing_is_one_clear_error(string stdout)
    {
        _fake.Answers("lsjson", stdout);

        AssertUnreadable(await Assert.ThrowsAsync<RcloneException>(() => _rclone.ListAsync(Folder, Token)));
    }

    [Theory(Timeout = 30_000)]
    [InlineData("backend")]
    [InlineData("cat")]
    public async Task An_answer_without_end_is_stopped(string command)
    {
        _fake.Behaves(command, "babble");

        var e = await Assert.ThrowsAsync<RcloneException>(() => command == "cat"
            ? _rclone.ReadAsync(File, 100, Token)
            : _rclone.GetFeaturesAsync(Folder, Token));

        AssertUnreadable(e);
        Assert.Contains("too long", e.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task Unknown_hash_names_are_ignored()
    {
        _fake.Answers("backend", """{ "Name": "x", "Hashes": ["whirlpool", "md5", "sha1"], "Root": "/perb", "Features": { "IsLocal": false } }""");

        var features = await _rclone.GetFeaturesAsync(Folder, Token);

        Assert.Equal([HashKind.Sha1, HashKind.Md5], features.Hashes.Order());
        Assert.Equal(HashKind.Sha1, features.BestHash);
        Assert.Null(features.LocalRoot);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("""{ "Hashes": null }""")]
    [InlineData("""{ "Hashes": [] }""")]
    public async Task A_remote_may_have_no_hash(string stdout)
    {
        _fake.Answers("backend", stdout);

        Assert.Null((await _rclone.GetFeaturesAsync(Folder, Token)).BestHash);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_file_longer_than_allowed_is_not_cut()
    {
        _fake.Answers("cat", "12345");

        Assert.Equal("12345", Encoding.UTF8.GetString(await _rclone.ReadAsync(File, 5, Token)));
        AssertUnreadable(await Assert.ThrowsAsync<RcloneException>(() => _rclone.ReadAsync(File, 4, Token)));
    }

    [Theory(Timeout = 30_000)]
    [InlineData("", 3, false)]
    [InlineData("""{ "Name": "a.enc", "Size": 0, "IsDir": false }""", 0, true)]
    public async Task Reading_nothing_is_an_empty_file_or_none(string stat, int statExitCode, bool isThere)
    {
        _fake.Answers("cat").Answers("lsjson", stat, exitCode: statExitCode);

        var reading = _rclone.ReadAsync(File, 100, Token);

        if (isThere)
        {
            Assert.Empty(await reading);
        }
        else
        {
            Assert.Equal(RcloneFailure.NotFound, (await Assert.ThrowsAsync<RcloneException>(() => reading)).Kind);
        }
    }

    [Theory(Timeout = 30_000)]
    [InlineData(4, 3, true)]
    [InlineData(1, 3, true)]
    [InlineData(1, 0, false)]
    [InlineData(7, 3, false)]
    public async Task Deleting_what_is_absent_is_fine(int exitCode, int statExitCode, bool isFine)
    {
        _fake.Answers("deletefile", stderr: "is a directory or doesn't exist", exitCode: exitCode)
            .Answers("lsjson", """{ "Name": "a.enc", "Size": 0, "IsDir": false }""", exitCode: statExitCode);

        var error = await Record.ExceptionAsync(() => _rclone.DeleteFileAsync(File, Token));

        Assert.Equal(isFine, error is null);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_program_that_is_not_rclone_is_noticed()
    {
        _fake.Answers("version", "GNU coreutils 9.1");

        var e = await Assert.ThrowsAsync<RcloneException>(() => _rclone.GetVersionAsync(Token));

        Assert.Contains("check Rclone:Program", e.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_copy_that_brought_nothing_is_not_a_success()
    {
        var stale = Path.GetTempFileName(); // deleted by the copy, before it begins

        var e = await Assert.ThrowsAsync<RcloneException>(
            () => _rclone.CopyFromAsync(File, stale, long.MaxValue, null, null, Token));

        Assert.Equal(RcloneFailure.NotFound, e.Kind);
        Assert.False(System.IO.File.Exists(stale));
    }

    private static void AssertUnreadable(RcloneException e)
    {
        Assert.Equal((RcloneFailure.Unexpected, false), (e.Kind, e.IsTransient));
        Assert.Contains("gave an answer that cannot be read", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(e.Message, character => char.IsControl(character));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
