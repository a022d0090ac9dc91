using Microsoft.Extensions.Logging.Abstractions;
using Perb.TestKit;
using Perb.Transfer.Hashing;
using Perb.Transfer.Rclone;

namespace Perb.Tests.Rclone;

/// <summary>The exact argument lists and the exact environment.</summary>
public sealed class RcloneCommandLineTests : IDisposable
{
    private static readonly RemotePath File = RemotePath.Parse("gdrive:perb/a.enc");

    private readonly FakeRclone _fake = new();
    private readonly RcloneProgram _rclone;

    public RcloneCommandLineTests() =>
        _rclone = new RcloneProgram(_fake.Options, TimeProvider.System, NullLogger<RcloneProgram>.Instance);

    private string[] Common =>
    [
        "--config", _fake.ConfigFile, "--ask-password=false", "--use-json-log", "--retries", "1", "--low-level-retries", "10",
    ];

    public void Dispose() => _fake.Dispose();

    [Fact(Timeout = 30_000)]
    public async Task A_copy_to_a_remote()
    {
        await _rclone.CopyToAsync("/staging/a.enc", File, new TransferLimits("08:00,512k 18:00,off"), null, null, Token);

        Assert.Equal(
            [
                "copyto", .. Common, "--ignore-times", "--ignore-checksum", "--stats", "500ms", "--stats-log-level", "NOTICE",
                "--bwlimit", "08:00,512k 18:00,off", "--", "/staging/a.enc", "gdrive:perb/a.enc",
            ],
            _fake.ArgumentsOf("copyto"));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_copy_without_a_limit_names_none()
    {
        await _rclone.CopyToAsync("/staging/a.enc", File, TransferLimits.None, null, null, Token);

        Assert.DoesNotContain("--bwlimit", _fake.ArgumentsOf("copyto"));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_stat_with_one_hash()
    {
        await _rclone.StatAsync(File, HashKind.Sha1, Token);

        Assert.Equal(
            ["lsjson", .. Common, "--stat", "--no-mimetype", "--hash", "--hash-type", "sha1", "--", "gdrive:perb/a.enc"],
            _fake.ArgumentsOf("lsjson"));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_listing()
    {
        _fake.Answers("lsjson", "[]");
        await _rclone.ListAsync(RemotePath.Parse("gdrive:perb"), Token);

        Assert.Equal(
            ["lsjson", .. Common, "--files-only", "--no-modtime", "--no-mimetype", "--", "gdrive:perb"],
            _fake.ArgumentsOf("lsjson"));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_read_asks_for_one_byte_more_than_is_allowed()
    {
        _fake.Answers("cat", "x");
        await _rclone.ReadAsync(File, 100, Token);

        Assert.Equal(["cat", .. Common, "--count", "101", "--", "gdrive:perb/a.enc"], _fake.ArgumentsOf("cat"));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_deletion()
    {
        await _rclone.DeleteFileAsync(File, Token);

        Assert.Equal(["deletefile", .. Common, "--", "gdrive:perb/a.enc"], _fake.ArgumentsOf("deletefile"));
    }

    [Fact(Timeout = 30_000)]
    public async Task Features_and_version()
    {
        _fake.Answers("backend", """{ "Hashes": [] }""").Answers("version", "rclone v1.60.1-DEV\n- os/version: debian\n");
        await _rclone.GetFeaturesAsync(RemotePath.Parse("gdrive:perb"), Token);
        var version = await _rclone.GetVersionAsync(Token);

        Assert.Equal(["backend", "features", .. Common, "--", "gdrive:perb"], _fake.ArgumentsOf("backend"));
        Assert.Equal(["version", .. Common, "--"], _fake.ArgumentsOf("version"));
        Assert.Equal(new Version(1, 60, 1), version);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("plain")]
    [InlineData("-leading dash")]
    [InlineData("quo\"te'd \\ back\\\\slash\\")]
    [InlineData("$(id) `id` ; | & * ? ~ #")]
    [InlineData("new\nline\ttab")]
    [InlineData("ümläut 漢字 🐘")]
    public async Task Any_file_name_arrives_as_one_argument(string name)
    {
        var target = RemotePath.Parse("gdrive:perb").Join(name);
        await _rclone.CopyToAsync("/staging/" + name, target, TransferLimits.None, null, null, Token);

        Assert.Equal(["--", "/staging/" + name, "gdrive:perb/" + name], _fake.ArgumentsOf("copyto").TakeLast(3));
    }

    [Fact(Timeout = 30_000)]
    public async Task Only_what_is_named_reaches_the_environment()
    {
        var options = _fake.Options with { Environment = new Dictionary<string, string> { ["HTTPS_PROXY"] = "http://proxy:3128" } };
        var rclone = new RcloneProgram(options, TimeProvider.System, NullLogger<RcloneProgram>.Instance);
        await rclone.DeleteFileAsync(File, Token);

        Assert.Equal(
            ["HTTPS_PROXY=http://proxy:3128", "LC_ALL=C", "PATH=" + Environment.GetEnvironmentVariable("PATH"), "RCLONE_DRIVE_STOP_ON_UPLOAD_LIMIT=true"],
            _fake.EnvironmentOf("deletefile").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_relative_local_file_is_refused() => await Assert.ThrowsAsync<ArgumentException>(
        () => _rclone.CopyToAsync("a:b", File, TransferLimits.None, null, null, Token));

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
