using Microsoft.Extensions.Logging.Abstractions;
using Perb.TestKit;
using Perb.Transfer.Rclone;

namespace Perb.Tests.Rclone;

/// <summary>Alone, since memory is counted for the whole process.</summary>
[CollectionDefinition(nameof(ProcessMemory), DisableParallelization = true)]
public sealed class ProcessMemory;

[Collection(nameof(ProcessMemory))]
public sealed class RcloneFailureTests : IDisposable
{
    private static readonly RemotePath File = RemotePath.Parse("gdrive:perb/a.enc");

    private readonly FakeRclone _fake = new();

    public void Dispose() => _fake.Dispose();

    [Theory(Timeout = 30_000)]
    [InlineData(1, RcloneFailure.Unexpected, false)]
    [InlineData(2, RcloneFailure.Unexpected, false)]
    [InlineData(3, RcloneFailure.NotFound, false)]
    [InlineData(4, RcloneFailure.NotFound, false)]
    [InlineData(5, RcloneFailure.Temporary, true)]
    [InlineData(6, RcloneFailure.NoRetry, false)]
    [InlineData(7, RcloneFailure.NoRetry, false)]
    [InlineData(8, RcloneFailure.LimitReached, true)]
    [InlineData(9, RcloneFailure.Unexpected, false)]
    [InlineData(10, RcloneFailure.LimitReached, true)]
    [InlineData(77, RcloneFailure.Unexpected, false)]
    public async Task An_exit_code_has_one_meaning(int exitCode, RcloneFailure kind, bool isTransient)
    {
        var e = await FailureOf("something happened", exitCode);

        Assert.Equal((kind, isTransient, exitCode), (e.Kind, e.IsTransient, e.ExitCode));
        Assert.Contains($"copyto gdrive:perb/a.enc failed (exit {exitCode}): something happened", e.Message, StringComparison.Ordinal);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("Failed to create file system for \"x:\": didn't find section in config file", RcloneFailure.Configuration)]
    [InlineData("Fatal error: unknown flag: --bad", RcloneFailure.Configuration)]
    [InlineData("Fatal error: invalid argument \"rubbish\" for \"--bwlimit\" flag: bad suffix 'h'", RcloneFailure.Configuration)]
    [InlineData("couldn't fetch token: invalid_grant: maybe token expired?", RcloneFailure.NoRetry)]
    [InlineData("open /mnt/x: permission denied", RcloneFailure.NoRetry)]
    [InlineData("dial tcp 127.0.0.1:1: connect: connection refused", RcloneFailure.Temporary)]
    [InlineData("googleapi: Error 403: The user has exceeded their storage quota, storageQuotaExceeded", RcloneFailure.NoRetry)]
    public async Task Codes_1_and_2_are_told_apart_by_what_rclone_says(string words, RcloneFailure kind)
    {
        Assert.Equal(kind, (await FailureOf(words, exitCode: 1)).Kind);
        Assert.Equal(kind, (await FailureOf(words, exitCode: 2)).Kind);
        Assert.Equal(RcloneFailure.Temporary, (await FailureOf(words, exitCode: 5)).Kind);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("Failed to copyto: file too big for remaining disk space", 1, RcloneFailure.NoRetry)]
    [InlineData("Failed to copyto: file too big for remaining disk space", 5, RcloneFailure.Temporary)]
    [InlineData("write /mnt/usb/x: no space left on device", 7, RcloneFailure.NoRetry)]
    public async Task A_full_remote_is_called_so(string words, int exitCode, RcloneFailure kind)
    {
        var e = await FailureOf(words, exitCode);

        Assert.Equal(kind, e.Kind);
        Assert.EndsWith("; the remote is full: free space there", e.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_disk_of_this_node_that_is_full_is_not_taken_for_the_remote()
    {
        _fake.Answers("copyto", stderr: "write /restore/x: no space left on device", exitCode: 7);

        var e = await Assert.ThrowsAsync<RcloneException>(() => Rclone().CopyFromAsync(
            File, Path.Combine(Path.GetTempPath(), "perb-none.enc"), long.MaxValue, null, null, TestContext.Current.CancellationToken));

        Assert.DoesNotContain("the remote is full", e.Message, StringComparison.Ordinal);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("Received upload limit error: googleapi: Error 403: User rate limit exceeded., userRateLimitExceeded", 7)]
    [InlineData("googleapi: Error 403: Daily Limit Exceeded, dailyLimitExceeded", 1)]
    [InlineData("Cannot upload files, storage cap exceeded. transaction_cap_exceeded", 5)]
    public async Task A_quota_of_the_provider_is_transient_whatever_the_code(string words, int exitCode)
    {
        var e = await FailureOf(words, exitCode);

        Assert.Equal((RcloneFailure.Quota, true), (e.Kind, e.IsTransient));
        Assert.Contains("asked again once an hour", e.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task Error_lines_do_not_make_a_failure_of_exit_code_0()
    {
        _fake.Answers("copyto", stderr: "{\"level\":\"error\",\"msg\":\"low level retry 1/10\"}\n2026/11/20 02:00:00 ERROR : x\n");

        await CopyAsync();

        Assert.True(_fake.HasRun("copyto"));
    }

    [Fact(Timeout = 30_000)]
    public async Task The_message_is_the_last_line_without_time_or_control_characters()
    {
        var e = await FailureOf(
            "{\"level\":\"error\",\"msg\":\"first\",\"object\":\"a.enc\"}\n{\"broken\n\n2026/11/20 02:00:00 Failed: \u001b[31mred\u0007\u202e\n", 6);

        Assert.Equal("a.enc: first\n{\"broken\nFailed: \\u{1B}[31mred\\u{7}\\u{202E}", e.LastLines);
        Assert.Contains("(exit 6): Failed: \\u{1B}[31mred\\u{7}\\u{202E}; check the remote's login", e.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task Only_the_end_of_a_long_complaint_is_kept()
    {
        var e = await FailureOf(string.Join('\n', Enumerable.Range(1, 5000).Select(n => $"{n} {new string('x', 2000)}")), 5);

        var lines = e.LastLines.Split('\n');
        Assert.Equal(20, lines.Length);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 501));
        Assert.StartsWith("5000 xxx", lines[^1], StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_line_without_end_costs_no_memory()
    {
        _fake.Answers("copyto", exitCode: 5).Behaves("copyto", "babble-errors");
        var before = GC.GetTotalAllocatedBytes();

        var e = await Assert.ThrowsAsync<RcloneException>(CopyAsync);

        Assert.Equal(501, e.LastLines.Length);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 40_000_000);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_password_that_rclone_repeats_is_not_told()
    {
        var path = ":sftp,host=nas,pass=\"top:secret\":perb";
        _fake.Answers("deletefile", stderr: $"Failed for \"{path.Replace("\"", "\\\"")}\" ({path})", exitCode: 7);

        var e = await Assert.ThrowsAsync<RcloneException>(
            () => Rclone().DeleteFileAsync(RemotePath.Parse(path), TestContext.Current.CancellationToken));

        Assert.DoesNotContain("secret", e.ToString() + e.LastLines, StringComparison.Ordinal);
        Assert.Contains("Failed for \":sftp,…:perb\" (:sftp,…:perb)", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nowhere/rclone")]
    [InlineData("no-such-rclone")]
    [InlineData("/etc/passwd")]
    [InlineData("Perb.Tests")] // stands beside the running program, where .NET alone would find it, and not in PATH
    public async Task A_missing_program_says_how_to_get_it(string program)
    {
        var rclone = new RcloneProgram(_fake.Options with { Program = program }, TimeProvider.System, NullLogger<RcloneProgram>.Instance);

        var e = await Assert.ThrowsAsync<RcloneMissingException>(
            () => rclone.GetVersionAsync(TestContext.Current.CancellationToken));

        Assert.Equal((RcloneFailure.Configuration, false), (e.Kind, e.IsTransient));
        Assert.Equal($"rclone is not installed or Rclone:Program ('{program}') is wrong: apt install rclone", e.Message);
    }

    private async Task<RcloneException> FailureOf(string stderr, int exitCode)
    {
        _fake.Answers("copyto", stderr: stderr, exitCode: exitCode);
        return await Assert.ThrowsAsync<RcloneException>(CopyAsync);
    }

    private Task CopyAsync() => Rclone().CopyToAsync(
        "/staging/a.enc", File, TransferLimits.None, null, null, TestContext.Current.CancellationToken);

    private RcloneProgram Rclone() => new(_fake.Options, TimeProvider.System, NullLogger<RcloneProgram>.Instance);
}
