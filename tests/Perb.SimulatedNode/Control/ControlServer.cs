using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Perb.Simulation.Guests;
using Perb.Simulation.Http;
using Perb.Simulation.Storage;
using Perb.Simulation.Vzdump;

namespace Perb.Simulation.Control;

/// <summary>
/// The way in for the command line of another terminal: a Unix socket in the node's directory, apart from the API, so that
/// whoever may write there may change the node. One path per command, JSON in, text out.
/// </summary>
internal sealed class ControlServer : IAsyncDisposable
{
    public static readonly JsonSerializerOptions Json = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
    };

    private readonly WebApplication _application;

    private ControlServer(WebApplication application) => _application = application;

    public static string SocketOf(string directory) => Path.Combine(Path.GetFullPath(directory), "control.sock");

    public static async Task<ControlServer> StartAsync(SimulatedNode node, CancellationToken cancellationToken)
    {
        var socket = SocketOf(node.Options.Directory);
        // Left behind by a killed process; a living one would hold the API's state too, and is the user's business.
        File.Delete(socket);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http1));
        var application = builder.Build();
        application.Run(http => AnswerAsync(node, http));
        await application.StartAsync(cancellationToken);
        return new ControlServer(application);
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _application.StopAsync(limit.Token);
        await _application.DisposeAsync();
    }

    private static async Task AnswerAsync(SimulatedNode node, HttpContext http)
    {
        try
        {
            await CarryOutAsync(node, http);
        }
        catch (Exception wrong) when (wrong is KeyNotFoundException or ArgumentException or ControlException or JsonException && !http.Response.HasStarted)
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await http.Response.WriteAsync(wrong.Message, http.RequestAborted);
        }
    }

    private static async Task CarryOutAsync(SimulatedNode node, HttpContext http)
    {
        switch (http.Request.Path.Value)
        {
            case "/storage":
                node.AddStorage(await ReadAsync<StorageDefinition>(http));
                break;
            case "/storage/state":
                var state = await ReadAsync<StorageState>(http);
                node.Storages.Change(state.Id, storage => storage with
                {
                    Mounted = state.Mounted ?? storage.Mounted,
                    Disabled = state.Disabled ?? storage.Disabled,
                });
                break;
            case "/guest":
                node.AddGuest(await ReadAsync<Guest>(http));
                break;
            case "/guest/state":
                var change = await ReadAsync<GuestState>(http);
                node.Guests.Change(change.Vmid, guest => guest with
                {
                    // An empty text takes the state away.
                    LockedBy = change.LockedBy is null ? guest.LockedBy : NullIfEmpty(change.LockedBy),
                    FailsWith = change.FailsWith is null ? guest.FailsWith : NullIfEmpty(change.FailsWith),
                    Running = change.Running ?? guest.Running,
                });
                break;
            case "/token":
                var token = await ReadAsync<TokenRequest>(http);
                await http.Response.WriteAsync(node.CreateToken(token.Id, token.Privileges, token.Path), http.RequestAborted);
                break;
            case "/token/rotate":
                var rotated = await ReadAsync<TokenRequest>(http);
                await http.Response.WriteAsync(node.Access.RotateToken(rotated.Id), http.RequestAborted);
                break;
            case "/certificate/renew":
                node.RenewCertificate();
                break;
            case "/fault":
                node.Faults.Add(await ReadAsync<Fault>(http));
                break;
            case "/vzdump":
                await RunVzdumpAsync(node, await ReadAsync<BackupRun>(http), http);
                break;
            default:
                throw new ControlException($"There is no command {http.Request.Path}.");
        }
    }

    /// <summary>The task log as it grows. A client that goes away does not end the task.</summary>
    private static async Task RunVzdumpAsync(SimulatedNode node, BackupRun run, HttpContext http)
    {
        var task = node.StartBackup(run);
        await foreach (var line in task.FollowAsync(http.RequestAborted))
        {
            await http.Response.WriteAsync(line + "\n", http.RequestAborted);
        }

        await task.Completion;
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static async Task<T> ReadAsync<T>(HttpContext http) =>
        await JsonSerializer.DeserializeAsync<T>(http.Request.Body, Json, http.RequestAborted)
            ?? throw new ControlException("The command has no body.");
}

internal sealed record StorageState(string Id, bool? Mounted, bool? Disabled);

internal sealed record GuestState(int Vmid, string? LockedBy, string? FailsWith, bool? Running);

internal sealed record TokenRequest(string Id, IReadOnlyList<string> Privileges, string Path);
