namespace Perb.Scheduler.Backups;

/// <summary>
/// A place between two effects where the program may die, and what the next run does then. The table of DESIGN is printed from
/// <see cref="All"/>; the crash tests die at each of them.
/// </summary>
/// <param name="Name">For <c>PERB_CRASH_AT</c>.</param>
/// <param name="Left">What is true when it dies here.</param>
/// <param name="Next">What the next run does.</param>
public sealed record CrashPoint(string Name, string Left, string Next)
{
    public static CrashPoint PlanRecorded { get; } = new("plan-recorded", "the plan, nothing sealed", "seals under that plan");

    public static CrashPoint VolumeSealed { get; } = new(
        "volume-sealed", "a final-named volume in staging without a record", "removes it and seals it again");

    public static CrashPoint SealRecorded { get; } = new("seal-recorded", "a volume in staging and its record", "sends it");

    public static CrashPoint UploadStarted { get; } = new(
        "upload-started", "an rclone that goes on by itself, and its process id", "ends that rclone, sends the volume again over what it left");

    public static CrashPoint VolumeUploaded { get; } = new("volume-uploaded", "the volume on the remote, no record of it", "sends it again");

    public static CrashPoint UploadRecorded { get; } = new(
        "upload-recorded", "the volume on the remote, unproven", "proves it; sends it again where the remote has no hash");

    public static CrashPoint VolumeProven { get; } = new("volume-proven", "a proof that nobody recorded", "proves it again");

    public static CrashPoint ProofRecorded { get; } = new("proof-recorded", "a proven volume whose file is still in staging", "removes the file");

    public static CrashPoint AllVerified { get; } = new("all-verified", "every volume proven, no manifest", "publishes");

    public static CrashPoint SignaturePlaced { get; } = new("signature-placed", "a signature without a manifest", "replaces it, publishes");

    public static CrashPoint ManifestPlaced { get; } = new(
        "manifest-placed", "a whole backup that is not recorded as published", "proves every volume and takes it over");

    public static CrashPoint PublishRecorded { get; } = new("publish-recorded", "a published backup", "has nothing to do for it");

    public static CrashPoint VolumeRemoved { get; } = new(
        "void-volume-removed", "a plan that is void, and a part of what was made under it", "removes the rest, then plans anew");

    public static CrashPoint PlanVoid { get; } = new("plan-void", "no plan any more, nothing on the remote", "plans and seals anew");

    public static IReadOnlyList<CrashPoint> All { get; } =
    [
        PlanRecorded, VolumeSealed, SealRecorded, UploadStarted, VolumeUploaded, UploadRecorded, VolumeProven, ProofRecorded, AllVerified,
        SignaturePlaced, ManifestPlaced, PublishRecorded, VolumeRemoved, PlanVoid,
    ];
}
