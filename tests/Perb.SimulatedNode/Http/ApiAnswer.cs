using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Features;

namespace Perb.Simulation.Http;

/// <summary>
/// A successful answer. <c>total</c> stands beside <c>data</c>, and is absent when it is 0: <c>{"data":[]}</c> means none.
/// </summary>
internal sealed record ApiAnswer(JsonNode? Data, int? Total = null)
{
    public static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A text/plain attachment instead of the envelope (task log download).</summary>
    public (string FileName, string Text)? Download { get; init; }

    public static implicit operator ApiAnswer(JsonNode? data) => new(data);

    public static JsonArray List(IEnumerable<JsonNode> items) => [.. items];

    public Task WriteAsync(HttpContext http)
    {
        if (Download is var (fileName, text))
        {
            http.Response.ContentType = "text/plain";
            http.Response.Headers.ContentDisposition = $"attachment; filename=\"{fileName}\"";
            // Over 1024 bytes a download is compressed whatever the client accepts.
            return WriteBodyAsync(http, Encoding.UTF8.GetBytes(text), compress: true);
        }

        var envelope = new JsonObject { ["data"] = Data?.DeepClone() };
        if (Total is > 0)
        {
            envelope["total"] = Total;
        }

        http.Response.ContentType = "application/json;charset=UTF-8";
        var acceptsGzip = http.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);
        return WriteBodyAsync(http, Serialize(envelope), acceptsGzip);
    }

    public static async Task WriteAsync(HttpContext http, ApiException error)
    {
        SetStatus(http, error.Status, error.Message);
        http.Response.Headers.Connection = "close";
        switch (error.Body)
        {
            case ErrorBody.Envelope:
                // 501 is the one message without a trailing newline.
                var newline = error.Status == 501 ? "" : "\n";
                var envelope = new JsonObject { ["data"] = null, ["message"] = error.Message + newline };
                if (error.Errors is { } errors)
                {
                    envelope["errors"] = new JsonObject(
                        errors.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value))));
                }

                http.Response.ContentType = "application/json;charset=UTF-8";
                await WriteBodyAsync(http, Serialize(envelope), compress: false);
                break;
            case ErrorBody.Text:
                await WriteBodyAsync(http, Encoding.UTF8.GetBytes(error.Message), compress: false);
                break;
            default:
                break;
        }
    }

    /// <summary>The reason phrase carries the first line of the error: a client that drops it may lose the only text.</summary>
    public static void SetStatus(HttpContext http, int status, string reason)
    {
        http.Response.StatusCode = status;
        var firstLine = reason.Split('\n')[0];
        http.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase =
            new string([.. firstLine.Select(c => c is >= ' ' and <= '~' ? c : '?')]);
    }

    private static byte[] Serialize(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString(Json));

    private static async Task WriteBodyAsync(HttpContext http, byte[] body, bool compress)
    {
        if (compress && body.Length > 1024)
        {
            using var buffer = new MemoryStream();
            await using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
            {
                await gzip.WriteAsync(body, http.RequestAborted);
            }

            body = buffer.ToArray();
            http.Response.Headers.ContentEncoding = "gzip";
        }

        http.Response.Headers.ContentLength = body.Length;
        http.Response.Headers["Date"] = TimeProvider.System.GetUtcNow().ToString("R", CultureInfo.InvariantCulture);
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}
