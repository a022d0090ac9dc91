using Perb.IntegrationTests.Installation;
using Perb.IntegrationTests.Transfer;

namespace Perb.IntegrationTests.Restore;

/// <summary>
/// Files of PERB: one message by gpg as it encrypts by itself, compressed, without a name inside; in it a tar of archive and log, and in some
/// versions a compressed tar or the archive alone. It cut the last ending off the name.
/// </summary>
public sealed class OldFileTests(SharedKey key) : IClassFixture<SharedKey>
{
    private const string X = "106-2020_01_02-22_10_33";
    private const string Archive = "vzdump-qemu-" + X + ".vma.lzo";
    private const string Log = "vzdump-qemu-" + X + ".log";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("tar -cf - " + Archive + " " + Log, X + ".vma.enc", true)]
    [InlineData("tar -cf - ./" + Log + " ./" + Archive, X + ".enc", true)]
    [InlineData("tar --format=posix -cf - -C / \"${PWD#/}/" + Archive + "\" \"${PWD#/}/" + Log + "\"", X + ".vma.enc", true)]
    [InlineData("tar -czf - " + Archive + " " + Log, X + ".enc", true)]
    [InlineData("cat " + Archive, X + ".vma.enc", false)]
    public async Task They_come_back_without_a_manifest(string pack, string name, bool hasLog)
    {
        using var place = new Workplace(0);
        var content = Pack(place, pack, name);

        foreach (var remote in new[] { place.RemoteOf(false), place.RemoteOf(true) })
        {
            var to = Directory.CreateTempSubdirectory("perb-old-");
            var ended = (await RestoreCall.RunAsync(key.Gpg, "restore", "106", "--remote", remote, "--to", to.FullName)).Ok();

            Assert.Contains("has no manifest", ended.Errors, StringComparison.Ordinal);
            Assert.Contains("checked by gpg alone", ended.Output, StringComparison.Ordinal);
            Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(to.FullName, Archive), Token));
            Assert.Equal(hasLog ? 2 : 1, to.GetFileSystemInfos().Length);
            to.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Their_archive_goes_to_stdout()
    {
        using var place = new Workplace(0);
        var content = Pack(place, "tar -cf - " + Log + " " + Archive, X + ".vma.enc");

        key.Gpg.Bash($"unset PERB_CONFIG; '{PerbProcess.Program}' restore {X} --remote '{place.Staging}' --stdout > ../out", place.Restored).Ok();

        Assert.Equal(content, await File.ReadAllBytesAsync(Path.Combine(place.Restored, "..", "out"), Token));
    }

    [Theory]
    [InlineData("tar -cf - " + Archive + " " + Log)]
    [InlineData("cat " + Archive)]
    public async Task Damage_leaves_nothing_behind(string pack)
    {
        using var place = new Workplace(0);
        Pack(place, pack, X + ".vma.enc");
        var file = Path.Combine(place.Staging, X + ".vma.enc");
        var whole = await File.ReadAllBytesAsync(file, Token);
        foreach (var damaged in new[] { whole[..^1], whole[..(whole.Length / 2)], whole[..60], [], [.. whole[..(whole.Length / 2)], (byte)(whole[whole.Length / 2] ^ 1), .. whole[(whole.Length / 2 + 1)..]] })
        {
            await File.WriteAllBytesAsync(file, damaged, Token);

            var ended = await RestoreCall.RunAsync(key.Gpg, "restore", X, "--remote", place.Staging, "--to", place.Restored);

            Assert.Equal(1, ended.ExitCode);
            OneLine.NoTrace(ended);
            Assert.Empty(Directory.GetFileSystemEntries(place.Restored));
        }
    }

    [Fact]
    public async Task Somebody_elses_tar_is_refused()
    {
        using var place = new Workplace(0);
        Pack(place, "cp " + Archive + " other; tar -cf - other", X + ".enc");

        var ended = await RestoreCall.RunAsync(key.Gpg, "restore", X, "--remote", place.Staging, "--to", place.Restored);

        Assert.Equal(0, ended.ExitCode); // by its first bytes a container's archive, and so it is named
        Assert.True(File.Exists(Path.Combine(place.Restored, $"vzdump-lxc-{X}.tar")));
    }

    [Fact]
    public async Task Where_a_signer_is_named_they_have_to_be_allowed()
    {
        using var place = new Workplace(0);
        Pack(place, "tar -cf - " + Archive, X + ".vma.enc");

        var ended = await RestoreCall.RunAsync(
            key.Gpg, "restore", X, "--remote", place.Staging, "--to", place.Restored, "--signer", key.Gpg.Export(key.Fingerprint));

        Assert.Equal(1, ended.ExitCode);
        OneLine.In(ended, "no manifest", "--allow-unsigned");
    }

    private byte[] Pack(Workplace place, string pack, string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(place.Restored, "..", "old")).FullName;
        var content = new byte[3_000_000];
        new Random(106).NextBytes(content);
        content[0] = 0x89;
        "LZO"u8.CopyTo(content.AsSpan(1));
        File.WriteAllBytes(Path.Combine(folder, Archive), content);
        File.WriteAllText(Path.Combine(folder, Log), "INFO: done\n");
        key.Gpg.Bash($"{{ {pack}; }} | gpg --batch --quiet --trust-model always -r {key.Fingerprint} -o '{place.Staging}/{name}' -e", folder).Ok();
        return content;
    }
}
