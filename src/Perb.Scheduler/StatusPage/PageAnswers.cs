using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Net.Http.Headers;
using Perb.Scheduler.Configuration;
using Perb.Scheduler.Monitoring;
using Perb.Scheduler.Observability;

namespace Perb.Scheduler.StatusPage;

/// <summary>Every request ends here: who may ask for what, and what they get. Nothing that is served changes anything.</summary>
internal sealed class PageAnswers(
    PageModelReader page, MetricsText metrics, LiveQueue live, Health health, PageSecrets secrets, PerbOptions options, TimeProvider time, ILogger<PageAnswers> logger)
{
    private const string Html = "text/html; charset=utf-8";
    private const string Text = "text/plain; charset=utf-8";

    // Scripts, styles and connections from here alone, nothing inline, and no text becomes markup in a script.
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
        + "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private readonly IReadOnlyDictionary<string, PageAsset> _assets = PageAsset.LoadAll();
    private readonly HostNames _hosts = new(options, Environment.MachineName);
    private readonly PageLogin _login = new(secrets, time, logger);
    private readonly LiveEvents _events = new(live, time);

    /// <param name="context">The request.</param>
    /// <param name="stopping">The service is stopping: whoever listens is let go.</param>
    public async Task AnswerAsync(HttpContext context, CancellationToken stopping)
    {
        AddHeaders(context.Response.Headers);
        try
        {
            await AnswerAsync(context, context.Request.Path.Value ?? "/", stopping);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested || stopping.IsCancellationRequested)
        {
            // Nobody waits for it any more.
        }
        catch (Exception exception) when (exception is BadHttpRequestException or InvalidDataException && !context.Response.HasStarted)
        {
            var code = exception is BadHttpRequestException bad ? (HttpStatusCode)bad.StatusCode : HttpStatusCode.BadRequest;
            await SayAsync(context, code, "that is no request for this page");
        }
        catch (SqliteException) when (!context.Response.HasStarted)
        {
            await SayAsync(context, HttpStatusCode.ServiceUnavailable, "the store does not answer; the log has more");
        }
        catch (Exception exception) when (exception is IOException or SqliteException)
        {
            context.Abort(); // it went away, or follows what cannot be read now, and asks again
        }
#pragma warning disable CA1031 // One look at the page must not end the service; the failure is logged with its stack.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            logger.PageFailed(exception, Perb.Transfer.Printable.Clean(context.Request.Path.Value ?? "", 100));
            context.Abort();
        }
    }

    private async Task AnswerAsync(HttpContext context, string path, CancellationToken stopping)
    {
        var isPost = HttpMethods.IsPost(context.Request.Method);
        if (!_hosts.Contains(context.Request.Host.Host))
        {
            await SayAsync(context, HttpStatusCode.MisdirectedRequest, "this page is not served under that name; Perb:Status:Hosts lists those that it has");
        }
        else if (path == "/login" && secrets.AreNeeded)
        {
            await (isPost ? _login.TryAsync(context) : SendAsync(context, Html, LoginHtml.Of(null)));
        }
        else if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            await SayAsync(context, HttpStatusCode.MethodNotAllowed, "nothing can be changed here");
        }
        else if (path is "/app.css" or "/icon.svg" || await _login.MayLookAsync(context))
        {
            await LookAsync(context, path, stopping);
        }
    }

    private async Task LookAsync(HttpContext context, string path, CancellationToken stopping)
    {
        var cancellationToken = context.RequestAborted;
        switch (path)
        {
            case "/":
                await SendAsync(context, Html, await page.ReadHtmlAsync(cancellationToken));
                break;
            case "/metrics":
                await SendAsync(context, MetricsText.ContentType, await metrics.ReadAsync(cancellationToken));
                break;
            case "/healthz":
                var word = await health.ReadAsync(cancellationToken);
                await SayAsync(context, word == Health.Fine ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, word);
                break;
            case "/events":
                if (!await _events.TryFollowAsync(context, stopping))
                {
                    await SayAsync(context, HttpStatusCode.ServiceUnavailable, "too many listen already");
                }

                break;
            default:
                await (_assets.TryGetValue(path, out var asset)
                    ? SendAsync(context, asset.ContentType, asset.Content)
                    : SayAsync(context, HttpStatusCode.NotFound, "there is no such page"));
                break;
        }
    }

    private static void AddHeaders(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers[HeaderNames.Vary] = "Cookie, Authorization";
    }

    internal static Task SayAsync(HttpContext context, HttpStatusCode code, string line)
    {
        context.Response.StatusCode = (int)code;
        return SendAsync(context, Text, System.Text.Encoding.UTF8.GetBytes(line + "\n"));
    }

    internal static async Task SendAsync(HttpContext context, string contentType, byte[] content)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = content.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(content, context.RequestAborted);
        }
    }
}
