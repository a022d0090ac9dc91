using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Perb.Simulation.Access;

namespace Perb.Simulation.Http;

/// <summary>From request to answer, in the order of pveproxy.</summary>
internal sealed class ApiDispatcher(NodeParts node, IReadOnlyList<ApiRoute> routes, Faults faults)
{
    private const string Prefix = "/api2/";

    public async Task AnswerAsync(HttpContext http)
    {
        // The path is unescaped before it is split: %2F in a volume id is a separator like any other.
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var parts = target.Split('?', 2);
        var path = Uri.UnescapeDataString(parts[0]);
        SetHeaders(http);
        try
        {
            if (faults.Take(http.Request.Method, path) is { } fault && await FailAsync(http, fault))
            {
                return;
            }

            var answer = await HandleAsync(http, path, parts.Length > 1 ? parts[1] : "");
            await answer.WriteAsync(http);
        }
        catch (ApiException error)
        {
            if (error.Status == 401)
            {
                await Task.Delay(node.Options.AuthenticationDelay, TimeProvider.System, http.RequestAborted);
            }

            await ApiAnswer.WriteAsync(http, error);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            http.Abort();
        }
    }

    private async Task<ApiAnswer> HandleAsync(HttpContext http, string path, string query)
    {
        if (http.Request.Method is not ("GET" or "POST" or "PUT" or "DELETE"))
        {
            throw new ApiException(501, $"method '{http.Request.Method}' not available", ErrorBody.None);
        }

        if (!path.StartsWith(Prefix, StringComparison.Ordinal))
        {
            throw new ApiException(501, $"no such file '{path}'", ErrorBody.None);
        }

        var format = path[Prefix.Length..].Split('/', 2);
        var apiPath = format.Length > 1 ? format[1].TrimEnd('/') : "";
        if (format[0] != "json")
        {
            throw new ApiException(501, $"no formatter for uri /{apiPath}, {format[0]}", ErrorBody.Text);
        }

        var caller = Authentication.Authenticate(node, http.Request.Headers.Authorization.ToString());
        foreach (var route in routes)
        {
            if (route.Matches(http.Request.Method, apiPath, out var variables))
            {
                RequireThisNode(variables);
                var call = new ApiCall(node, caller, variables, http);
                route.Permission?.Invoke(call);
                call.Parameters = await RequestParameters.ReadAsync(http, query);
                Parameter.Validate(route.Parameters, call.Parameters);
                return await route.Answer(call);
            }
        }

        throw ApiException.NotImplemented(http.Request.Method, "/" + apiPath);
    }

    /// <summary>Calls for another node are proxied there before any permission is checked; an unknown name fails in the resolver.</summary>
    private void RequireThisNode(Dictionary<string, string> variables)
    {
        if (variables.TryGetValue("node", out var name) && name != node.Name && name != "localhost")
        {
            throw new ApiException(
                500, $"hostname lookup '{name}' failed - failed to get address info for: {name}: Name or service not known");
        }
    }

    private static void SetHeaders(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.Server = "pve-api-daemon/3.0";
        headers.CacheControl = "max-age=0";
        headers.Pragma = "no-cache";
        headers.Expires = TimeProvider.System.GetUtcNow().ToString("R", CultureInfo.InvariantCulture);
        var asksToClose = http.Request.Headers.Connection.ToString().Equals("close", StringComparison.OrdinalIgnoreCase);
        headers.Connection = asksToClose ? "close" : "Keep-Alive";
    }

    /// <summary>True when the fault was the answer.</summary>
    private static async Task<bool> FailAsync(HttpContext http, Fault fault)
    {
        if (fault.Delay > TimeSpan.Zero)
        {
            await Task.Delay(fault.Delay, TimeProvider.System, http.RequestAborted);
        }

        switch (fault.Kind)
        {
            case FaultKind.Slow:
                return false;
            case FaultKind.Close:
                http.Abort();
                return true;
            case FaultKind.Unauthorized:
                throw new ApiException(401, "Authentication failed!", ErrorBody.None);
            case FaultKind.Status:
                throw new ApiException(fault.Status, fault.Reason, ErrorBody.None);
            case FaultKind.Html:
                await WriteRawAsync(http, "text/html", "<!DOCTYPE html>\n<html><body><h1>502 Bad Gateway</h1></body></html>\n", 0);
                return true;
            case FaultKind.TruncatedJson:
                await WriteRawAsync(http, "application/json;charset=UTF-8", "{\"data\":[{\"upid\":\"UPID:", 0);
                return true;
            case FaultKind.CutShort:
                await WriteRawAsync(http, "application/json;charset=UTF-8", "{\"data\":[{\"upid\":\"UPID:", 4096);
                http.Abort();
                return true;
            default:
                throw new InvalidOperationException($"No such fault: {fault.Kind}.");
        }
    }

    private static async Task WriteRawAsync(HttpContext http, string contentType, string text, int missingBytes)
    {
        var body = Encoding.UTF8.GetBytes(text);
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length + missingBytes;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }
}
