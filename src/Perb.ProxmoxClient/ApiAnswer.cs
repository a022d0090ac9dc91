using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace Perb.ProxmoxClient;

/// <summary>A good answer without its envelope <c>{"data": …, "total": n}</c>.</summary>
/// <param name="Total">How many there are in all, of a list that is given in pages. The node leaves it out when it is
/// 0.</param>
internal sealed record ApiAnswer(Uri Server, string Path, JsonElement Data, long Total)
{
    public static ApiAnswer Parse(Uri server, string path, byte[] body)
    {
        try
        {
            // A list of lines from guests must not be lost for one byte that is not UTF-8.
            var json = Utf8.IsValid(body) ? body : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body));
            var envelope = JsonElement.Parse(json);
            if (envelope.ValueKind == JsonValueKind.Object && envelope.TryGetProperty("data", out var data))
            {
                var total = envelope.TryGetProperty("total", out var number) ? Number(number) : 0;
                return new ApiAnswer(server, path, data, total);
            }
        }
        catch (JsonException e)
        {
            // It began as an answer and was cut off on its way: the next one may be whole.
            throw Bad(server, path, Excerpt(body), e, isTransient: body is [(byte)'{', ..]);
        }

        throw Bad(server, path, Excerpt(body));
    }

    /// <exception cref="BadAnswerException">The data are of another shape.</exception>
    public T Read<T>(JsonTypeInfo<T> shape)
        where T : class
    {
        try
        {
            return Data.Deserialize(shape) ?? throw Bad(Server, Path, "no data where some were expected");
        }
        catch (JsonException e)
        {
            throw Bad(Server, Path, $"data of an unexpected shape: {ForeignText.OneLine(e.Message)}", e);
        }
    }

    /// <summary>As <see cref="Read"/>, for a list, which must not have holes.</summary>
    public List<T> ReadList<T>(JsonTypeInfo<List<T>> shape)
        where T : class
    {
        var list = Read(shape);
        return list.TrueForAll(entry => entry is not null)
            ? list
            : throw Bad(Server, Path, "a list with an empty entry");
    }

    private static long Number(JsonElement total) =>
        long.TryParse(total.ToString(), out var number) ? number : throw new JsonException("total is not a number");

    private static string Excerpt(byte[] body) => body.Length == 0
        ? "an empty answer"
        : $"'{ForeignText.OneLine(Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 200))))}', not the API's "
          + "JSON";

    private static BadAnswerException Bad(Uri server, string path, string what, Exception? cause = null, bool isTransient = false) => new(
        $"{server.Describe()} answered {path} with {what}: check that Proxmox:Url names the node's own port (8006) and "
        + "no web proxy in front of it",
        cause)
    {
        Status = 200,
        Path = path,
        IsTransient = isTransient,
    };
}
