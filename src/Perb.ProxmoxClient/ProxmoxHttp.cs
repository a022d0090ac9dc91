using System.Net;
using System.Text;

namespace Perb.ProxmoxClient;

/// <summary>
/// Sends a call and gives its data, or throws the <see cref="ProxmoxException"/> that says what went wrong. Never
/// retries.
/// </summary>
internal sealed class ProxmoxHttp(HttpClient http)
{
    /// <summary>Sends what was encoded as it is: a normalized path could lose an encoded slash or dot.</summary>
    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public async Task<ApiAnswer> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var server = http.BaseAddress ?? throw new InvalidOperationException("The HttpClient has no base address.");
        using var message = ToMessage(server, request);
        try
        {
            using var response = await http.SendAsync(message, cancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return response.StatusCode == HttpStatusCode.OK
                ? ApiAnswer.Parse(server, request.Path, body)
                : throw ErrorAnswer.From(server, request, TokenId(), response, body);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw NetworkFailure.Timeout(server, request.Path, http.Timeout, e);
        }
        catch (InvalidDataException e)
        {
            throw NetworkFailure.BrokenCompression(server, request.Path, e);
        }
        catch (HttpRequestException e)
        {
            throw NetworkFailure.From(server, request.Path, e);
        }
    }

    private static HttpRequestMessage ToMessage(Uri server, ApiRequest request)
    {
        var query = request.Query.Length > 0 ? "?" + request.Query : "";
        var url = new Uri($"{server.GetLeftPart(UriPartial.Authority)}/api2/json{request.Path}{query}", AsWritten);
        var message = new HttpRequestMessage(request.Method, url);
        if (request.Form is { } form)
        {
            // Bytes at hand: the length is known, so it is not sent chunked, which the node refuses (501).
            message.Content = new ByteArrayContent(Encoding.ASCII.GetBytes(form));
            message.Content.Headers.ContentType = new("application/x-www-form-urlencoded");
        }

        return message;
    }

    /// <summary>For messages. Up to the first equals sign, so that no part of a secret can follow.</summary>
    private string TokenId() =>
        http.DefaultRequestHeaders.TryGetValues("Authorization", out var values)
        && values.First().Split('=') is [_, var id, ..]
            ? id
            : "";
}
