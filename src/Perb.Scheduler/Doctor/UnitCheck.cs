using Perb.Scheduler.Configuration;
using Perb.Scheduler.Setup;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Doctor;

/// <summary>The service may do what this configuration asks of it: doctor itself runs outside of its unit.</summary>
internal sealed class UnitCheck(ServiceUnit unit, NodeFiles files, PerbOptions options) : ICheck
{
    public string Subject => "unit";

    public string Fix => "systemctl cat perb";

    public Task RunAsync(Action<Finding> say, CancellationToken cancellationToken)
    {
        var token = Path.Combine(files.Directory, SetupPlan.TokenName);
        var closed = Needed().Where(need => !unit.MayWrite(need.Directory)).ToList();
        foreach (var (subject, directory) in closed)
        {
            say(Finding.Fail(
                subject,
                $"the service may not write {directory}: its unit names what it may",
                $"mkdir -p {files.DropIns}; printf '[Service]\\nReadWritePaths=\"%s\"\\n' '{directory}' >>{files.DropIns}/local-remote.conf; systemctl daemon-reload; systemctl restart perb"));
        }

        if (!File.Exists(token))
        {
            say(Finding.Fail(Subject, $"{token} is not there: the service does not start without it, whatever Proxmox:TokenSecretFile says", $"install -o perb -g perb -m 600 FILE {token}"));
        }
        else if (closed.Count == 0)
        {
            say(Finding.Ok(Subject, "perb.service may write where this configuration wants it to"));
        }

        return Task.CompletedTask;
    }

    private IEnumerable<(string Subject, string Directory)> Needed() => options.Remotes
        .SelectMany(remote => RcloneConfigFile.DirectoriesBehind(options.Rclone.ConfigFile, RemotePath.Parse(remote.Path)).Select(directory => ($"remote {remote.Name}", directory)))
        .Append(("staging", options.Staging.Directory))
        .Append(("store", Path.GetDirectoryName(options.StorePath)!));
}
