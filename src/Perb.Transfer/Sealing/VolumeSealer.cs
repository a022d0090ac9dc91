using Perb.Transfer.Hashing;
using Perb.Transfer.Keys;
using Perb.Transfer.Staging;

namespace Perb.Transfer.Sealing;

/// <summary>
/// Seals one volume into the staging directory: exactly the plan's bytes are read, encrypted and hashed in one pass, or there is
/// an exception and no file. Memory is a few MiB, whatever the size. Volumes are independent: several calls may run at once.
/// </summary>
public sealed class VolumeSealer
{
    /// <summary>Whether <see cref="PacketKind.Ocb"/> can be written on this machine.</summary>
    public static bool OcbIsAvailable => OcbCipher.IsAvailable;

    /// <param name="plan">The backup's recorded plan.</param>
    /// <param name="number">Which volume, from 1.</param>
    /// <param name="source">The archive; may serve several calls at once.</param>
    /// <param name="recipients">The keys that the plan names.</param>
    /// <param name="directory">The staging directory.</param>
    /// <param name="alsoHash">The hash that the remote reports, computed beside SHA-256.</param>
    /// <param name="progress">Bytes of this volume's plaintext that are done.</param>
    /// <param name="cancellationToken">Leaves no file behind.</param>
    /// <exception cref="SourceChangedException">The archive is not the plan's, or changed meanwhile.</exception>
    /// <exception cref="IOException">The disk is full or fails, or the partial is there already.</exception>
#pragma warning disable CA1822 // An instance, because the pipeline gets it as a dependency like its other steps.
    public async Task<SealedVolume> SealAsync(
#pragma warning restore CA1822
        SealingPlan plan,
        int number,
        SourceArchive source,
        IReadOnlyList<Recipient> recipients,
        string directory,
        HashKind? alsoHash,
        IProgress<long>? progress,
        CancellationToken cancellationToken)
    {
        plan.Validate();
        RequireRecipientsOf(plan, recipients);
        RequireSourceOf(plan, source);
        var (offset, length) = plan.RangeOf(number);
        var name = plan.VolumeName(number);

        using var message = new VolumeMessage(plan.Packet, name, length, recipients, plan.HideRecipients);
        using var digests = new DigestPass(alsoHash);
        using var staged = StagedFile.Create(directory, name);
        await using (var pass = new SealingPass(message, digests, staged))
        {
            await pass.BeginAsync(cancellationToken);
            var dropBehind = source.DropBehindFrom(InArchive(offset));
            for (var done = 0L; done < length;)
            {
                var content = pass.Room[..(int)Math.Min(pass.Room.Length, length - done)];
                await plan.Tar.ReadExactlyAsync(source, offset + done, content, cancellationToken);
                await pass.ContentAsync(content, cancellationToken);
                done += content.Length;
                dropBehind.Passed(InArchive(offset + done));
                progress?.Report(done);
            }

            dropBehind.Ended(InArchive(offset + length));
            await pass.FinishAsync(cancellationToken);
        }

        // The last word before the name: what was read must still be the archive that the plan describes.
        await source.VerifyUnchangedAsync(cancellationToken);
        await staged.CommitAsync(message.TotalBytes, cancellationToken);
        return new SealedVolume(number, name, staged.Path, staged.WrittenBytes, digests.Finish());

        long InArchive(long inStream) => Math.Clamp(inStream - plan.Tar.Head.Length, 0, plan.ArchiveBytes);
    }

    private static void RequireRecipientsOf(SealingPlan plan, IReadOnlyList<Recipient> recipients)
    {
        var given = recipients.Select(recipient => recipient.SubkeyFingerprint);
        if (!plan.RecipientFingerprints.Order(StringComparer.Ordinal).SequenceEqual(given.Order(StringComparer.Ordinal)))
        {
            throw new ArgumentException($"The recipients are not those that {plan.RemoteName} was planned for", nameof(recipients));
        }
    }

    private static void RequireSourceOf(SealingPlan plan, SourceArchive source)
    {
        if (source.Name != plan.ArchiveName)
        {
            throw new ArgumentException($"{source.Path} is not the archive {plan.ArchiveName} of the plan", nameof(source));
        }

        if (source.SizeBytes != plan.ArchiveBytes)
        {
            throw new SourceChangedException(source.Path, $"it has {source.SizeBytes} bytes, the plan says {plan.ArchiveBytes}");
        }

        // Whole seconds: that is what the store and other nodes keep.
        if (source.ModifiedAt.ToUnixTimeSeconds() != plan.ArchiveModifiedAt.ToUnixTimeSeconds())
        {
            throw new SourceChangedException(source.Path, $"it was written at {source.ModifiedAt:u}, the plan says {plan.ArchiveModifiedAt:u}");
        }
    }
}
