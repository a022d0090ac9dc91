using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Perb.Simulation.Control;

/// <summary>Sends one command to the process that serves the directory.</summary>
internal sealed class ControlClient(string directory) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(ControlServer.SocketOf(directory)), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://node"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public void Dispose() => _http.Dispose();

    public async Task<string> SendAsync<T>(string command, T body, CancellationToken cancellationToken)
    {
        using var response = await PostAsync(command, body, cancellationToken);
        return await response.Content.ReadAsStringAsync(cancellationToken);
    }

    public async Task<string> FollowAsync<T>(string command, T body, TextWriter output, CancellationToken cancellationToken)
    {
        using var response = await PostAsync(command, body, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        var last = "";
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            await output.WriteLineAsync(line);
            last = line;
        }

        return last;
    }

    private async Task<HttpResponseMessage> PostAsync<T>(string command, T body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, command)
        {
            Content = new StringContent(JsonSerializer.Serialize(body, ControlServer.Json), Encoding.UTF8, "application/json"),
        };
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            using (response)
            {
                throw new ControlException(await response.Content.ReadAsStringAsync(cancellationToken));
            }
        }

        return response;
    }
}

/// <summary>The node refused a command, or none serves that directory.</summary>
internal sealed class ControlException(string message) : Exception(message);
