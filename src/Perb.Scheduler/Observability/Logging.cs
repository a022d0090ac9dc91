using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Perb.Scheduler.Configuration;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Display;

namespace Perb.Scheduler.Observability;

/// <summary>Where the human-readable log goes: the service's to stdout (systemd's journal), a command's to stderr.</summary>
public enum LogTarget
{
    StandardOutput,
    StandardError,
}

/// <summary>The only place that knows Serilog. Console and a rolling file; the section <c>Serilog</c> can change levels and add sinks.</summary>
internal static class Logging
{
    private const string Template = "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}{Exception}";
    private const string FileTemplate = "{Timestamp:yyyy-MM-dd HH:mm:ss.fff zzz} {Level:u3} {Message:lj}{NewLine}{Exception}";
    private const long MaxFileBytes = 16L << 20;
    private const int KeptFiles = 14;

    public static void AddPerbLogging(this IServiceCollection services, Settings settings, LogTarget target)
    {
        var console = OpenTerminal(target);
        services.AddSingleton(console);
        services.AddSerilog(CreateLogger(settings, console), dispose: true);
    }

    public static TerminalLine OpenTerminal(LogTarget target)
    {
        var formatter = new MessageTemplateTextFormatter(Template, CultureInfo.InvariantCulture);
        return target == LogTarget.StandardOutput
            ? new TerminalLine(Console.Out, !Console.IsOutputRedirected, formatter)
            : new TerminalLine(Console.Error, !Console.IsErrorRedirected, formatter);
    }

    /// <summary>The log of a command that has neither configuration nor log file: its terminal alone.</summary>
    public static ILoggerFactory ToTerminal(TerminalLine console) => new SerilogLoggerFactory(
        new LoggerConfiguration().MinimumLevel.Information().WriteTo.Sink(console).CreateLogger(), dispose: true);

    // Made at once and not when first needed: a fault of the section Serilog is a fault of the configuration.
    private static Serilog.Core.Logger CreateLogger(Settings settings, TerminalLine console)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(FileOf(settings.Options))!);
            var logger = new LoggerConfiguration()
                .MinimumLevel.Information()
                .MinimumLevel.Override("Quartz", LogEventLevel.Warning)
                .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
                .Enrich.FromLogContext()
                .WriteTo.Sink(console)
                .WriteTo.File(
                    FileOf(settings.Options),
                    outputTemplate: FileTemplate,
                    formatProvider: CultureInfo.InvariantCulture,
                    rollingInterval: RollingInterval.Day,
                    rollOnFileSizeLimit: true,
                    fileSizeLimitBytes: MaxFileBytes,
                    retainedFileCountLimit: KeptFiles);
            var isConfigured = settings.Root.GetSection("Serilog").GetChildren().Any();
            return (isConfigured ? logger.ReadFrom.Configuration(settings.Root) : logger).CreateLogger();
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException)
        {
            throw new ConfigurationException($"{settings.File}: Serilog: {exception.Message}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"the log file {FileOf(settings.Options)} cannot be written: {exception.Message}");
        }
    }

    /// <summary>systemd's log directory where the unit has one, else beside the state.</summary>
    public static string FileOf(PerbOptions options) => Path.Combine(
        Environment.GetEnvironmentVariable("LOGS_DIRECTORY") is { Length: > 0 } directory
            ? directory
            : Path.Combine(options.StateDirectory, "log"),
        "perb-.log");
}
