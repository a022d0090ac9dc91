using System.ComponentModel;
using System.Diagnostics;
using Perb.Simulation.Guests;
using Perb.Simulation.Tasks;

namespace Perb.Simulation.Vzdump;

/// <summary>
/// Writes the <c>.dat</c>: for a container a genuine <c>tar</c> of its real files, for a VM its real disk image, both
/// through the real compressor. Programs get argument lists; no shell is involved.
/// </summary>
internal sealed class ArchiveWriter(Worker worker)
{
    public static string ExtensionOf(GuestType type, string compress)
    {
        var format = type == GuestType.Qemu ? ".vma" : ".tar";
        return format + compress switch
        {
            "zstd" => ".zst",
            "gzip" => ".gz",
            "lzo" or "1" => ".lzo",
            _ => "",
        };
    }

    public async Task WriteAsync(Guest guest, string datFile, string scratchDirectory, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(datFile, FileMode.Create, FileAccess.Write, FileShare.Read);
        await worker.ReachAsync(VzdumpMoment.ArchiveOpened, guest.Vmid, datFile);
        using var compressor = StartCompressor();
        Stream sink = compressor is null ? file : compressor.StandardInput.BaseStream;
        var compressed = compressor is null ? Task.CompletedTask : compressor.StandardOutput.BaseStream.CopyToAsync(file, cancellationToken);
        try
        {
            if (guest.Type == GuestType.Lxc)
            {
                await WriteTarAsync(guest, scratchDirectory, sink, cancellationToken);
            }
            else
            {
                await WriteDiskAsync(guest, sink, cancellationToken);
            }

            if (compressor is not null)
            {
                compressor.StandardInput.Close();
                await compressed;
                await compressor.WaitForExitAsync(cancellationToken);
                Require(compressor);
            }
        }
        finally
        {
            Kill(compressor);
        }

        if (guest.FailsWith is { } failure)
        {
            throw new TaskFailedException(failure);
        }
    }

    private async Task WriteDiskAsync(Guest guest, Stream sink, CancellationToken cancellationToken)
    {
        await using var disk = File.OpenRead(guest.DataPath);
        var size = Math.Max(disk.Length, 1);
        worker.Info($"started backup task '{Guid.NewGuid()}'");
        if (guest.Running)
        {
            worker.Info("resuming VM again");
        }

        await disk.CopyToAsync(sink, cancellationToken);
        worker.Info($"100% ({InGiB(size)} of {InGiB(size)}) in 1s, read: {size / 1048576.0:F1} MiB/s, write: {size / 1048576.0:F1} MiB/s");
        worker.Info($"transferred {size / 1073741824.0:F2} GiB in 1 seconds ({size / 1048576.0:F1} MiB/s)");
    }

    private async Task WriteTarAsync(Guest guest, string scratchDirectory, Stream sink, CancellationToken cancellationToken)
    {
        using var tar = Start(
            "tar",
            "cpf", "-", "--totals", "--one-file-system", "-p", "--sparse", "--numeric-owner", "--acls", "--xattrs",
            "--xattrs-include=user.*", "--xattrs-include=security.capability", "--warning=no-file-ignored", "--warning=no-xattr-write",
            $"--directory={scratchDirectory}", "./etc/vzdump/pct.conf",
            $"--directory={guest.DataPath}", "--no-anchored", "--exclude=lost+found", "--anchored", "./");
        tar.StandardInput.Close();
        var errors = tar.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await tar.StandardOutput.BaseStream.CopyToAsync(sink, cancellationToken);
            await tar.WaitForExitAsync(cancellationToken);
            foreach (var line in (await errors).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                worker.Info(line);
            }

            Require(tar);
        }
        finally
        {
            Kill(tar);
        }
    }

    private Process? StartCompressor() => worker.Run.Compress switch
    {
        "zstd" => Start("zstd", "--rsyncable", "--threads=1", "--quiet", "-c"),
        "gzip" => Start("gzip", "--rsyncable", "-c"),
        "lzo" or "1" => Start("lzop", "-c"),
        _ => null,
    };

    private static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = program == "tar",
        };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new TaskFailedException($"command '{program}' failed: exec of {program} failed: No such file or directory");
        }
    }

    private static void Require(Process process)
    {
        if (process.ExitCode != 0)
        {
            throw new TaskFailedException($"command '{string.Join(' ', process.StartInfo.ArgumentList.Prepend(process.StartInfo.FileName))}' failed: exit code {process.ExitCode}");
        }
    }

    private static void Kill(Process? process)
    {
        if (process is { HasExited: false })
        {
            process.Kill();
        }
    }

    private static string InGiB(long bytes) => $"{bytes / 1073741824.0:F1} GiB";
}
