using System.Text;
using System.Text.Json;

namespace Perb.Simulation.Http;

/// <summary>Reads parameters from the query and the body, with the limits of pve-http-server.</summary>
internal static class RequestParameters
{
    private const int BodyLimitBytes = 512 * 1024;

    public static async Task<Dictionary<string, string>> ReadAsync(HttpContext http, string query)
    {
        var parameters = new Dictionary<string, string>();
        AddForm(parameters, query);
        if (http.Request.Headers.TransferEncoding.Count > 0)
        {
            throw new ApiException(501, "chunked transfer encoding not supported", ErrorBody.Text);
        }

        if (http.Request.ContentLength is not > 0)
        {
            return parameters;
        }

        if (http.Request.ContentLength > BodyLimitBytes)
        {
            throw new ApiException(501, "for data too large", ErrorBody.Text);
        }

        // Any type but form data and JSON is 506; none at all counts as form data.
        var type = http.Request.ContentType;
        var isJson = type?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) == true;
        if (!string.IsNullOrEmpty(type) && !isJson
            && !type.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
        {
            throw new ApiException(506, $"upload 'Content-Type '{type}' not implemented", ErrorBody.Text);
        }

        using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync(http.RequestAborted);
        if (isJson)
        {
            AddJson(parameters, body);
        }
        else
        {
            AddForm(parameters, body);
        }

        return parameters;
    }

    /// <summary>Splits at '&amp;' and ';'; a raw '=' inside a value cuts it, so clients must escape everything.</summary>
    private static void AddForm(Dictionary<string, string> parameters, string form)
    {
        foreach (var pair in form.Split(['&', ';'], StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=');
            parameters[Unescape(parts[0])] = parts.Length > 1 ? Unescape(parts[1]) : "";
        }
    }

    /// <summary>Inside JSON, and only there, true and false are booleans.</summary>
    private static void AddJson(Dictionary<string, string> parameters, string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            foreach (var property in document.RootElement.EnumerateObject())
            {
                parameters[property.Name] = property.Value.ValueKind switch
                {
                    JsonValueKind.True => "1",
                    JsonValueKind.False => "0",
                    JsonValueKind.String => property.Value.GetString()!,
                    _ => property.Value.GetRawText(),
                };
            }
        }
        catch (JsonException)
        {
            throw new ApiException(
                500,
                $"malformed JSON string, neither tag, array, object, number, string or atom, at character offset {body.Length} (before \"(end of string)\")",
                ErrorBody.Text);
        }
    }

    private static string Unescape(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
