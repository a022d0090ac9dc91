using System.Text;
using System.Text.Json.Nodes;
using Perb.Simulation.Http;
using Perb.Simulation.Tasks;

namespace Perb.Simulation.Storage;

/// <summary>Listing of archives, and one volume: its facts, notes, protection and removal.</summary>
internal static class ContentEndpoints
{
    private const string Volume = "nodes/{node}/storage/{storage}/content/{volume*}";
    private const int ProtectedLimit = 5;

    public static IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Get(
            "nodes/{node}/storage/{storage}/content",
            [StorageEndpoints.ContentParameter, Parameter.Vmid()],
            StorageEndpoints.MayLook,
            List);
        yield return ApiRoute.Get(Volume, [], null, Info);
        yield return new ApiRoute(
            "PUT", Volume, [Parameter.Text("notes"), Parameter.Flag("protected")], null, call => Task.FromResult(Update(call)));
        yield return new ApiRoute("DELETE", Volume, [Parameter.Number("delay", 1, 30)], null, DeleteAsync);
    }

    /// <summary>Every volume that the caller may not access is left out silently: an empty list says nothing.</summary>
    private static ApiAnswer List(ApiCall call)
    {
        var storage = call.Node.Storages.Activate(call.Path("storage"));
        var content = call.Text("content")?.Split(',') ?? storage.Contents;
        if (!content.Contains("backup") || !storage.Contents.Contains("backup") || !storage.HasFiles)
        {
            return new JsonArray();
        }

        return ApiAnswer.List(BackupFile.List(storage, call.Node.Clock, call.Number("vmid"))
            .Where(file => IsVisible(call, file))
            .Select(file => Entry(file, call.Number("vmid"))));
    }

    private static JsonObject Entry(BackupFile file, long? vmidFilter)
    {
        var entry = new JsonObject
        {
            ["volid"] = DoubleEncoded(file.VolumeId),
            ["content"] = "backup",
            ["format"] = file.Name.Extension,
            ["size"] = file.Facts.SizeBytes,
            ["ctime"] = file.TimeSeconds,
            ["subtype"] = file.Name.Type ?? "unknown",
        };
        if ((vmidFilter ?? file.Name.ListedVmid) is { } vmid)
        {
            entry["vmid"] = vmid;
        }

        if (file.FirstNotesLine is { Length: > 0 } notes)
        {
            entry["notes"] = notes;
        }

        if (file.IsProtected)
        {
            entry["protected"] = 1;
        }

        return entry;
    }

    /// <summary>UTF-8 file names come back encoded twice, so such a listed id does not address its file.</summary>
    public static string DoubleEncoded(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private static bool IsVisible(ApiCall call, BackupFile file)
    {
        try
        {
            VolumeId.RequireAccess(call, file.Storage.Id, file.Name);
            return true;
        }
        catch (ApiException)
        {
            return false;
        }
    }

    /// <summary>Size comes from qemu-img: rounded up to 512, and the format of every archive is "raw".</summary>
    private static ApiAnswer Info(ApiCall call)
    {
        var volume = VolumeId.Parse(call);
        VolumeId.RequireAccess(call, volume.Storage.Id, volume.Name);
        call.Node.Storages.Activate(volume.Storage.Id);
        var facts = FileFacts.Of(volume.FilePath)
            ?? throw new ApiException(500, $"volume_size_info on '{volume}' failed - no format");
        if (facts.SizeBytes == 0)
        {
            throw new ApiException(500, $"volume '{volume}' has size zero");
        }

        var notesFile = volume.FilePath + ".notes";
        return new JsonObject
        {
            ["path"] = DoubleEncoded(volume.FilePath),
            ["size"] = (facts.SizeBytes + 511) / 512 * 512,
            ["used"] = facts.AllocatedBytes,
            ["format"] = "raw",
            ["notes"] = File.Exists(notesFile) ? File.ReadAllText(notesFile) : "",
            ["protected"] = File.Exists(volume.FilePath + ".protected") ? 1 : 0,
        };
    }

    private static ApiAnswer Update(ApiCall call)
    {
        var volume = VolumeId.Parse(call);
        VolumeId.RequireAccess(call, volume.Storage.Id, volume.Name);
        call.Node.Storages.Activate(volume.Storage.Id);
        if (call.Text("notes") is { } notes)
        {
            BackupFile.WriteNotes(volume.FilePath, notes);
        }

        if (call.Text("protected") is { } wanted)
        {
            if (wanted == "1" && !File.Exists(volume.FilePath + ".protected"))
            {
                RequireRoomForProtected(call, volume);
            }

            BackupFile.SetProtected(volume.FilePath, wanted == "1");
        }

        return new ApiAnswer(null);
    }

    private static void RequireRoomForProtected(ApiCall call, VolumeId volume)
    {
        var unlimitedByRight = call.May($"/storage/{volume.Storage.Id}", "Datastore.Allocate");
        var limit = volume.Storage.MaxProtectedBackups ?? (unlimitedByRight ? -1 : ProtectedLimit);
        var count = BackupFile.List(volume.Storage, call.Node.Clock)
            .Count(file => file.IsProtected && file.Name.Type == volume.Name.Type && file.Name.OwnerVmid == volume.Name.OwnerVmid);
        if (limit >= 0 && count >= limit)
        {
            throw new ApiException(
                500, $"The number of protected backups per guest is limited to {limit} on storage '{volume.Storage.Id}'");
        }
    }

    /// <summary>Answers with an <c>imgdel</c> task at once, also for a protected archive: then the task fails.</summary>
    private static async Task<ApiAnswer> DeleteAsync(ApiCall call)
    {
        var volume = VolumeId.Parse(call);
        var storagePath = $"/storage/{volume.Storage.Id}";
        if (volume.Name.OwnerVmid is { } owner)
        {
            call.Require(storagePath, "Datastore.AllocateSpace");
            call.Require($"/vms/{owner}", "VM.Backup");
        }
        else
        {
            call.Require(storagePath, "Datastore.Allocate");
        }

        call.Node.Storages.Activate(volume.Storage.Id);
        var id = $"{volume.Name.OwnerVmid}@{volume.Storage.Id}";
        var task = call.Node.Tasks.Start("imgdel", id, call.Caller, task =>
        {
            if (File.Exists(volume.FilePath + ".protected"))
            {
                throw new TaskFailedException($"cannot remove protected volume 'backup/{volume.Name.FileName}' on '{volume.Storage.Id}'");
            }

            BackupFile.Remove(volume.FilePath, volume.Name);
            task.Log($"Removed volume '{volume}'");
            return Task.CompletedTask;
        });
        if (call.Number("delay") is null)
        {
            return JsonValue.Create(task.Upid.ToString());
        }

        var result = await task.Completion;
        return result.Status == "OK" ? new ApiAnswer(null) : throw new ApiException(500, result.Status);
    }
}
