using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Perb.Transfer.Posix;
using Perb.Transfer.Rclone;

namespace Perb.IntegrationTests.Rclone;

/// <summary>Root runs an rclone that is another user's: whatever it does, that user's rights are all that it has.</summary>
public sealed class OtherUserRcloneTests : IDisposable
{
    private const uint Nobody = 65534;

    private static readonly RemotePath Remote = RemotePath.Parse("r:perb");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perb-other-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task What_is_no_plain_file_of_its_own_is_not_read_and_only_removed_by_its_name()
    {
        var victim = Path.Combine(_folder.FullName, "victim");
        Directory.CreateDirectory(victim);
        await File.WriteAllTextAsync(Path.Combine(victim, "kept"), "root's", Token);
        var rclone = Program($"""
            for to; do :; done
            printf plain > "$to/plain"
            mkfifo "$to/fifo"
            ln -s {victim}/kept "$to/link"
            ln -s {victim} "$to/directory"
            mkdir "$to/empty"
            chmod 777 "$to"
            """);

        var files = await rclone.CopyAllFromAsync(Remote, ["plain", "fifo", "link", "directory", "empty", "absent"], 1000, Token);
        var directory = files.Directory;
        using (files)
        {
            Assert.Equal("plain"u8.ToArray(), await files.ReadAsync("plain", 5, Token));
            Assert.Null(await files.ReadAsync("plain", 4, Token));
            Assert.All(["fifo", "link", "directory", "empty", "absent"], name => Assert.Null(files.ReadAsync(name, 1000, Token).Result));
            var facts = FileFacts.At(directory)!;
            Assert.Equal((0u, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute), (facts.Owner, facts.Permissions));
        }

        Assert.False(Directory.Exists(Path.GetDirectoryName(directory)));
        Assert.Equal("root's", await File.ReadAllTextAsync(Path.Combine(victim, "kept"), Token));
    }

    [Fact]
    public async Task Directories_that_it_filled_are_left_and_not_descended_into()
    {
        var rclone = Program("""
            for to; do :; done
            mkdir "$to/deep"
            printf x > "$to/deep/file"
            """);

        string directory;
        using (var files = await rclone.CopyAllFromAsync(Remote, ["a"], 1000, Token))
        {
            directory = files.Directory;
        }

        Assert.Equal([Path.Combine(directory, "deep")], Directory.GetFileSystemEntries(directory));
        Assert.True(File.Exists(Path.Combine(directory, "deep", "file")));
        Directory.Delete(Path.GetDirectoryName(directory)!, recursive: true);
    }

    [Fact]
    public async Task It_can_put_nothing_in_place_of_the_directory_that_it_was_given()
    {
        var rclone = Program("""
            for to; do :; done
            mv "$to" "$to.away" 2> /dev/null && exit 9
            mv "${to%/*}" "${to%/*}.away" 2> /dev/null && exit 9
            exit 0
            """);

        using var files = await rclone.CopyAllFromAsync(Remote, ["a"], 1000, Token);

        Assert.True(Directory.Exists(files.Directory));
    }

    [Fact]
    public async Task It_leads_a_session_of_its_own_in_the_process_that_was_told()
    {
        var go = Path.Combine(_folder.FullName, "go"); // who has ended already is not told of
        var rclone = Program($"""
            until [ -e {go} ] || [ ! -d {_folder.FullName} ]; do sleep 0.05; done
            read -r _ _ _ _ group session _ < /proc/$$/stat
            echo $$ $group $session
            """);
        var (file, told) = (Path.Combine(_folder.FullName, "fetched"), 0);

        await rclone.CopyFromAsync(
            Remote.Join("a"),
            file,
            1000,
            progress: null,
            started: process =>
            {
                told = process.ProcessId;
                return File.WriteAllTextAsync(go, "", Token);
            },
            Token);

        var ids = (await File.ReadAllTextAsync(file, Token)).Split(' ').Select(word => int.Parse(word, CultureInfo.InvariantCulture));
        Assert.Equal([told, told, told], ids);
    }

    [Fact]
    public async Task It_is_stopped_as_any_other()
    {
        var rclone = Program("exec sleep 600");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rclone.CopyFromAsync(
            Remote.Join("a"), Path.Combine(_folder.FullName, "fetched"), 1000, progress: null, started: _ => stop.CancelAsync(), stop.Token));
    }

    [Fact]
    public async Task No_more_is_taken_through_the_pipe_than_was_asked_for()
    {
        var rclone = Program("exec head -c 2000 /dev/zero");
        var file = Path.Combine(_folder.FullName, "fetched");

        await Assert.ThrowsAsync<RcloneException>(() => rclone.CopyFromAsync(Remote.Join("a"), file, 1000, progress: null, started: null, Token));

        Assert.InRange(new FileInfo(file).Length, 0, 1000);
    }

    private RcloneProgram Program(string lines)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can run a program as another user");
        File.SetUnixFileMode(_folder.FullName, (UnixFileMode)0b111_101_101);
        var (config, program) = (Path.Combine(_folder.FullName, "rclone.conf"), Path.Combine(_folder.FullName, "rclone"));
        File.WriteAllText(config, "[r]\ntype = local\n");
        File.WriteAllText(program, "#!/bin/sh\n" + lines + "\n");
        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        var options = new RcloneOptions { Program = program, ConfigFile = config, RunAs = new RcloneUser(Nobody, Nobody) };
        return new RcloneProgram(options, TimeProvider.System, NullLogger<RcloneProgram>.Instance);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
