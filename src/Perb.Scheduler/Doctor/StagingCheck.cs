using Perb.Scheduler.Configuration;

namespace Perb.Scheduler.Doctor;

/// <summary>Room for the volumes that are sealed and sent at the same time.</summary>
internal sealed class StagingCheck(PerbOptions options) : ICheck
{
    public string Subject => "staging";

    public string Fix => $"install -d -o perb -g perb -m 700 {options.Staging.Directory}";

    public Task RunAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        var staging = options.Staging;
        var directory = NearestAncestor(staging.Directory);
        var drive = new DriveInfo(directory);
        var floor = staging.MinFree.Of(drive.TotalSize);
        var usable = drive.AvailableFreeSpace - floor;
        var volume = options.Encryption.VolumeBytes;
        var uploads = options.Remotes.Max(remote => remote.Uploads);

        // Each remote seals for itself: while some volumes are sent others are made, and one waits in between.
        var wanted = (staging.Sealers + uploads + 1) * volume;
        var share = staging.MaxBytes / options.Remotes.Count;
        var fix = $"raise Staging:MaxSize, lower Encryption:VolumeSize, or put Staging:Directory where there is room (df -h {directory})";
        if (share < volume || usable < volume)
        {
            say(Finding.Fail(Subject, $"no room for one volume of {ByteSize.Format(volume)}: {Room(share, usable)}", fix));
        }
        else if (share < wanted || usable < wanted * options.Remotes.Count)
        {
            say(Finding.Warn(
                Subject,
                $"{staging.Sealers} sealers and {uploads} uploads want {ByteSize.Format(wanted)} for each of {options.Remotes.Count} remotes, so that nothing waits: {Room(share, usable)}",
                fix));
        }
        else
        {
            say(Finding.Ok(Subject, $"{staging.Directory}: {Room(share, usable)}"));
        }

        return Task.CompletedTask;
    }

    private static string Room(long share, long usable) =>
        $"a remote's share is {ByteSize.Format(share)}, and {ByteSize.Format(Math.Max(usable, 0))} are free beyond Staging:MinFree";

    private static string NearestAncestor(string path) => Directory.Exists(path) ? path : NearestAncestor(Path.GetDirectoryName(path)!);
}
