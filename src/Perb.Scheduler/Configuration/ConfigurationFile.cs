using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Perb.Transfer.Posix;

namespace Perb.Scheduler.Configuration;

/// <summary>
/// Finds and loads the configuration: <c>--config</c>, else <c>$PERB_CONFIG</c>, else <c>/etc/perb/appsettings.json</c>; never the current
/// directory, where anybody could have planted one. <c>Perb__Section__Key</c> variables override.
/// </summary>
internal static class ConfigurationFile
{
    public const string DefaultPath = "/etc/perb/appsettings.json";

    public static string Locate(string? fromCommandLine) => Path.GetFullPath(
        fromCommandLine ?? Environment.GetEnvironmentVariable("PERB_CONFIG") ?? DefaultPath);

    /// <summary>False: none was named, and there is none where it usually lies. One that was named is there, or it is a fault.</summary>
    public static bool IsThere(string? fromCommandLine) =>
        fromCommandLine is not null || Environment.GetEnvironmentVariable("PERB_CONFIG") is not null || File.Exists(DefaultPath);

    /// <exception cref="ConfigurationException">Missing, unreadable, writable by others, read by root and another's, or not JSON.</exception>
    public static IConfigurationRoot Load(string path)
    {
        if (ReadableFile.IsDenied(path))
        {
            throw new ConfigurationException(
                $"{path} cannot be read by {Environment.UserName}: run perb as the service's user (runuser -u perb -- perb status), or as root");
        }

        try
        {
            if (TrustedFile.FaultOf(path, path, "it could make root run a program of theirs") is { } fault)
            {
                throw new ConfigurationException(fault);
            }

            if (Environment.IsPrivilegedProcess && FileFacts.At(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path) is { Owner: not 0 } facts)
            {
                throw new ConfigurationException($"{path}: it belongs to {ServiceUser.NameOf(facts.Owner) ?? $"user #{facts.Owner}"}, and could make root run a program of theirs: chown root {path}");
            }

            return new ConfigurationBuilder()
                .Add<JsonConfigurationSource>(source =>
                {
                    source.Path = path;
                    source.ResolveFileProvider();
                })
                .AddEnvironmentVariables()
                .Build();
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ConfigurationException($"{path}: there is no such file; name one with --config or $PERB_CONFIG");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{path}: {exception.Message}");
        }
        catch (Exception exception) when (exception.GetBaseException() is JsonException { LineNumber: { } line } mistake)
        {
            // The parser counts lines from 0, as no editor does.
            throw new ConfigurationException($"{path} is not valid JSON: line {line + 1}: {mistake.Message.Split(" LineNumber:")[0]}");
        }
        catch (Exception exception) when (exception is InvalidDataException or FormatException)
        {
            throw new ConfigurationException($"{path} is not valid JSON: {exception.GetBaseException().Message}");
        }
    }
}
