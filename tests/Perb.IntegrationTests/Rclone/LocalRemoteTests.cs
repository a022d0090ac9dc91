using System.Security.Cryptography;
using Perb.TestKit;
using Perb.Transfer.Hashing;
using Perb.Transfer.Rclone;

namespace Perb.IntegrationTests.Rclone;

/// <summary>What the real program does with what Perb asks of it, on a local remote.</summary>
public sealed class LocalRemoteTests : IAsyncLifetime
{
    private RealRclone _real = null!;

    private RcloneProgram Rclone => _real.Program;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _real = await RealRclone.OpenAsync(Token);

    public ValueTask DisposeAsync()
    {
        _real?.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact(Timeout = 60_000)]
    public async Task The_version_is_at_least_the_one_of_Debian_12() =>
        Assert.True(await Rclone.GetVersionAsync(Token) >= new Version(1, 60));

    [Fact(Timeout = 60_000)]
    public async Task A_local_remote_has_every_hash()
    {
        var features = await Rclone.GetFeaturesAsync(_real.Remote, Token);

        Assert.All([HashKind.Sha256, HashKind.Sha1, HashKind.Md5], kind => Assert.Contains(kind, features.Hashes));
        Assert.Equal(HashKind.Sha256, features.BestHash);
        Assert.Equal(_real.RemoteFolder, features.LocalRoot);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(HashKind.Sha256)]
    [InlineData(HashKind.QuickXor)]
    public async Task The_hash_of_what_is_fetched_is_the_one_that_the_remote_reports(HashKind kind)
    {
        var file = _real.Remote.Join("a.enc");
        File.WriteAllBytes(Path.Combine(_real.RemoteFolder, "a.enc"), RandomNumberGenerator.GetBytes(3_000_000));

        var fetched = await Rclone.HashByDownloadAsync(file, kind, 3_000_000, Token);

        Assert.Equal((await Rclone.StatAsync(file, kind, Token))!.Hashes[kind], fetched);
        Assert.NotEqual(fetched, await Rclone.HashByDownloadAsync(file, kind, 2_999_998, Token));
        var local = Path.Combine(_real.RemoteFolder, "a.enc");
        Assert.Equal(fetched, await Rclone.HashInPlaceAsync(local, kind, 3_000_000, Token));
        Assert.NotEqual(fetched, await Rclone.HashInPlaceAsync(local, kind, 2_000_000, Token));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_absent_has_no_hash()
    {
        var e = await Assert.ThrowsAsync<RcloneException>(
            () => Rclone.HashByDownloadAsync(_real.Remote.Join("absent"), HashKind.Sha256, 100, Token));

        Assert.Equal(RcloneFailure.NotFound, e.Kind);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_copy_arrives_reports_progress_and_is_proved_by_its_hash()
    {
        var content = RandomNumberGenerator.GetBytes(3_000_000);
        var local = _real.WriteLocal("a.enc", content);
        var report = new FirstReport();
        ProcessIdentity? process = null;

        await Rclone.CopyToAsync(
            local,
            _real.Remote.Join("a.enc"),
            new TransferLimits("100M"),
            report,
            started =>
            {
                process = started;
                return Task.CompletedTask;
            },
            Token);

        var file = await Rclone.StatAsync(_real.Remote.Join("a.enc"), HashKind.Sha256, Token);
        Assert.Equal(("a.enc", content.Length), (file!.Name, file.SizeBytes));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), file.Hashes[HashKind.Sha256]);
        Assert.Equal((3_000_000, 3_000_000), (report.All[^1].Bytes, report.All[^1].TotalBytes));
        Assert.False(process!.IsAlive);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_resealed_volume_of_the_same_size_and_time_replaces_the_old_one()
    {
        var target = _real.Remote.Join("a.enc");
        var local = _real.WriteLocal("a.enc", "first"u8.ToArray());
        var time = File.GetLastWriteTimeUtc(local);
        await Rclone.CopyToAsync(local, target, TransferLimits.None, null, null, Token);

        _real.WriteLocal("a.enc", "other"u8.ToArray());
        File.SetLastWriteTimeUtc(local, time);
        await Rclone.CopyToAsync(local, target, TransferLimits.None, null, null, Token);

        Assert.Equal("other"u8.ToArray(), await Rclone.ReadAsync(target, 100, Token));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("with space.enc")]
    [InlineData("-leading-dash.enc")]
    [InlineData("ümläut 漢字 🐘.enc")]
    [InlineData("quo\"te's $(id) : ; \\ *?.enc")]
    public async Task Any_name_survives_the_whole_way(string name)
    {
        var target = _real.Remote.Join(name);
        await Rclone.CopyToAsync(_real.WriteLocal(name, [1, 2, 3]), target, TransferLimits.None, null, null, Token);

        Assert.Equal([name], (await Rclone.ListAsync(_real.Remote, Token)).Select(file => file.Name));
        Assert.Equal(name, (await Rclone.StatAsync(target, null, Token))!.Name);
        await Rclone.CopyFromAsync(target, _real.PathOf("back"), long.MaxValue, null, null, Token);
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(_real.PathOf("back"), Token));
        await Rclone.DeleteFileAsync(target, Token);
        Assert.Empty(Directory.EnumerateFiles(_real.RemoteFolder));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_newline_in_a_name_is_listed_as_a_symbol_that_names_the_same_file()
    {
        var local = _real.WriteLocal("new\nline.enc", [1, 2, 3]);
        await Rclone.CopyToAsync(local, _real.Remote.Join("new\nline.enc"), TransferLimits.None, null, null, Token);

        Assert.True(File.Exists(Path.Combine(_real.RemoteFolder, "new\nline.enc")));
        var listed = Assert.Single(await Rclone.ListAsync(_real.Remote, Token));
        Assert.Equal("new␊line.enc", listed.Name);
        Assert.Equal([1, 2, 3], await Rclone.ReadAsync(_real.Remote.Join(listed.Name), 3, Token));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_listing_holds_files_of_the_directory_itself_only()
    {
        File.WriteAllText(Path.Combine(_real.RemoteFolder, "here"), "12");
        Directory.CreateDirectory(Path.Combine(_real.RemoteFolder, "below"));
        File.WriteAllText(Path.Combine(_real.RemoteFolder, "below", "deeper"), "x");

        var file = Assert.Single(await Rclone.ListAsync(_real.Remote, Token));

        Assert.Equal(("here", 2), (file.Name, file.SizeBytes));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_absent_is_absent_and_no_failure()
    {
        var absent = _real.Remote.Join("absent");

        Assert.Null(await Rclone.StatAsync(absent, HashKind.Sha256, Token));
        Assert.Null(await Rclone.StatAsync(absent.Join("below"), null, Token));
        Assert.Empty(await Rclone.ListAsync(absent, Token));
        await Rclone.DeleteFileAsync(absent, Token);
        await Rclone.DeleteFileAsync(absent.Join("below"), Token);
        var e = await Assert.ThrowsAsync<RcloneException>(() => Rclone.ReadAsync(absent, 100, Token));
        Assert.Equal(RcloneFailure.NotFound, e.Kind);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_directory_is_not_a_file()
    {
        Directory.CreateDirectory(Path.Combine(_real.RemoteFolder, "directory"));

        Assert.Null(await Rclone.StatAsync(_real.Remote.Join("directory"), null, Token));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_longer_file_than_allowed_is_not_read_in_part()
    {
        File.WriteAllText(Path.Combine(_real.RemoteFolder, "X.sums"), "0123456789");

        Assert.Equal(10, (await Rclone.ReadAsync(_real.Remote.Join("X.sums"), 10, Token)).Length);
        await Assert.ThrowsAsync<RcloneException>(() => Rclone.ReadAsync(_real.Remote.Join("X.sums"), 9, Token));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_missing_source_is_not_found()
    {
        var e = await Assert.ThrowsAsync<RcloneException>(() => Rclone.CopyToAsync(
            _real.PathOf("gone"), _real.Remote.Join("a.enc"), TransferLimits.None, null, null, Token));

        Assert.Equal(RcloneFailure.NotFound, e.Kind);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("nowhere:perb")]
    [InlineData("ancient:perb")]
    public async Task A_remote_that_is_not_configured_is_a_fault_of_the_configuration(string path)
    {
        var e = await Assert.ThrowsAsync<RcloneException>(() => Rclone.StatAsync(RemotePath.Parse(path), null, Token));

        Assert.Equal((RcloneFailure.Configuration, false), (e.Kind, e.IsTransient));
        Assert.Contains("Rclone:ConfigFile", e.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_limit_that_rclone_cannot_read_is_a_fault_of_the_configuration()
    {
        var local = _real.WriteLocal("a.enc", [1]);

        var e = await Assert.ThrowsAsync<RcloneException>(() => Rclone.CopyToAsync(
            local, _real.Remote.Join("a.enc"), new TransferLimits("rubbish"), null, null, Token));

        Assert.Equal(RcloneFailure.Configuration, e.Kind);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_encrypted_configuration_without_a_password_does_not_wait_for_one()
    {
        File.WriteAllText(_real.ConfigFile, $"RCLONE_ENCRYPT_V0:\n{Convert.ToBase64String(new byte[60])}\n");

        var e = await Assert.ThrowsAsync<RcloneException>(() => Rclone.ListAsync(_real.Remote, Token));

        Assert.Equal(RcloneFailure.Configuration, e.Kind);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_remote_that_does_not_answer_is_transient()
    {
        var closed = RemotePath.Parse(":webdav,url=\"http://127.0.0.1:1/\":perb");

        var e = await Assert.ThrowsAsync<RcloneException>(() => Rclone.StatAsync(closed, null, Token));

        Assert.Equal((RcloneFailure.Temporary, true), (e.Kind, e.IsTransient));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cancelled_copy_leaves_no_process()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var local = _real.WriteLocal("a.enc", new byte[3_000_000]);
        var report = new FirstReport();
        ProcessIdentity? process = null;
        var copying = Rclone.CopyToAsync(
            local,
            _real.Remote.Join("a.enc"),
            new TransferLimits("10k"),
            report,
            started =>
            {
                process = started;
                return Task.CompletedTask;
            },
            cancellation.Token);
        await report.Arrived;
        Assert.True(process!.IsAlive);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => copying);
        Assert.False(process.IsAlive);
    }
}
