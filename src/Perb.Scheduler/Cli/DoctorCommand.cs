using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging.Abstractions;
using Perb.ProxmoxClient;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Discovery;
using Perb.Scheduler.Doctor;
using Perb.Scheduler.Setup;
using Perb.Transfer.Rclone;

namespace Perb.Scheduler.Cli;

/// <summary><c>perb doctor</c>: proves the whole path before the first night, beside a running service or without one; changes nothing.</summary>
internal static class DoctorCommand
{
    public static Command Of(Option<string?> config, Option<bool> json)
    {
        var doctor = new Command("doctor", "proves configuration, token, storages, keys, remotes, staging, hook and clock, and says what mends each");
        doctor.SetAction((result, token) => CommandLine.Code(RunAsync(result.GetValue(config), result.GetValue(json), token)));
        return doctor;
    }

    /// <summary>1 where something fails; 78 where the configuration cannot be used at all.</summary>
    public static async Task<ExitCode> RunAsync(string? configuration, bool asJson, CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        Action<Finding> say = asJson ? findings.Add : finding =>
        {
            findings.Add(finding);
            Print(finding);
        };
        var code = await ExamineAsync(configuration, say, cancellationToken);
        if (asJson)
        {
            Screen.WriteJson(findings, FindingsJson.Default.IReadOnlyListFinding);
        }
        else
        {
            var (warnings, failures) = (findings.Count(finding => finding.Result == Verdict.Warn), findings.Count(finding => finding.Result == Verdict.Fail));
            Console.Out.WriteLine(failures + warnings == 0 ? "All is well." : $"{failures} to mend, {warnings} to look at.");
        }

        return code != ExitCode.Ok ? code : findings.Exists(finding => finding.Result == Verdict.Fail) ? ExitCode.Failed : ExitCode.Ok;
    }

    private static async Task<ExitCode> ExamineAsync(string? configuration, Action<Finding> say, CancellationToken cancellationToken)
    {
        Settings settings;
        HttpClient http;
        try
        {
            settings = Settings.LoadAsServiceUser(configuration);
            say(Finding.Ok("configuration", $"{settings.File} is understood"));
        }
        catch (ConfigurationException exception)
        {
            foreach (var fault in exception.Faults)
            {
                say(Finding.Fail("configuration", fault, "perb setup, or mend the file; appsettings.json of the package documents every key"));
            }

            return ExitCode.Configuration;
        }

        // The unit is that of one configuration; another one is run by hand.
        var files = NodeFiles.Here();
        var unit = settings.File == files.Configuration ? await ServiceUnit.AskAsync(cancellationToken) : null;
        ICheck[] ofUnit = unit is null ? [] : [new UnitCheck(unit, files, settings.Options)];
        try
        {
            http = NodeClient.Open(settings);
        }
        catch (ConfigurationException exception)
        {
            say(Finding.Fail("node", string.Join("; ", exception.Faults), "perb setup"));
            await new Examination([.. WithoutNode(settings), .. ofUnit]).RunAsync(say, cancellationToken);
            return ExitCode.Failed;
        }

        using (http)
        {
            await new Examination([.. All(settings, unit, new ProxmoxApi(http)), .. ofUnit]).RunAsync(say, cancellationToken);
        }

        return ExitCode.Ok;
    }

    private static IReadOnlyList<ICheck> WithoutNode(Settings settings) =>
    [
        new FilesCheck(settings), new KeysCheck(settings, TimeProvider.System), .. Remotes(settings).Rclone, new StagingCheck(settings.Options),
        new HookCheck(NodeFiles.Here(), settings.Options, api: null), new NotifyCheck(settings, TimeProvider.System), new PageCheck(settings, TimeProvider.System),
    ];

    private static IReadOnlyList<ICheck> All(Settings settings, ServiceUnit? unit, ProxmoxApi api)
    {
        var (options, time) = (settings.Options, TimeProvider.System);
        var listing = new DumpListing(options.TimeZone);
        var storages = new StoragesCheck(new StorageListing(api, listing, options, time), listing, options, unit, time);
        var (rclone, remotes) = Remotes(settings);
        return
        [
            new FilesCheck(settings), new KeysCheck(settings, time), new NodeCheck(api, options, time), storages, .. rclone, new StagingCheck(options),
            new RpoCheck(options, storages, remotes, time), new HookCheck(NodeFiles.Here(), options, api), new NotifyCheck(settings, time), new PageCheck(settings, time),
            new ServiceCheck(options, time),
        ];
    }

    private static (IReadOnlyList<ICheck> Rclone, IReadOnlyList<(RemoteSection, RemoteCheck)> Remotes) Remotes(Settings settings)
    {
        var (options, time) = (settings.Options, TimeProvider.System);
        var rclone = new RcloneProgram(options.Rclone.ToOptions(), time, NullLogger<RcloneProgram>.Instance);
        var remotes = options.Remotes.Select(remote => (remote, new RemoteCheck(remote, options, rclone, time))).ToList();
        return ([new RcloneCheck(rclone, options), .. remotes.Select(remote => remote.Item2)], remotes);
    }

    private static void Print(Finding finding)
    {
        var mark = finding.Result switch { Verdict.Ok => "ok  ", Verdict.Warn => "WARN", _ => "FAIL" };
        Console.Out.WriteLine($"{mark}  {Screen.Line(finding.Check)}: {Screen.Line(finding.Text)}");
        if (finding.Fix is { } fix)
        {
            Console.Out.WriteLine($"      > {Screen.Line(fix)}");
        }
    }
}

[JsonSerializable(typeof(IReadOnlyList<Finding>))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(VerdictConverter)])]
internal sealed partial class FindingsJson : JsonSerializerContext;

/// <summary><c>ok</c>, <c>warn</c>, <c>fail</c>.</summary>
internal sealed class VerdictConverter() : JsonStringEnumConverter<Verdict>(JsonNamingPolicy.CamelCase);
