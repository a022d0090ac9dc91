using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Perb.Scheduler.Observability;

namespace Perb.Scheduler.StatusPage;

/// <summary>
/// Who may look: programs send the token with each request (<c>Authorization: Bearer</c>), people give it once in a form and get a cookie for it.
/// Wrong ones are throttled; a cookie that was given goes on to serve meanwhile.
/// </summary>
internal sealed class PageLogin(PageSecrets secrets, TimeProvider time, ILogger logger)
{
    // The prefix makes browsers refuse it for other paths and domains, and without Secure.
    private const string CookieName = "__Host-perb";
    private const string Scheme = "Bearer ";
    private const string TooMany = "Too many wrong secrets. Try again later.";

    private readonly WrongSecrets _wrong = new(time);

    /// <summary>False: it was refused, and that was said.</summary>
    public async Task<bool> MayLookAsync(HttpContext context)
    {
        if (!secrets.AreNeeded || (context.Request.Cookies[CookieName] is { } cookie && secrets.IsCookie(cookie)))
        {
            return true;
        }

        var given = context.Request.Headers.Authorization.ToString();
        if (given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            if (IsPaused(context))
            {
                await PageAnswers.SayAsync(context, HttpStatusCode.TooManyRequests, TooMany);
                return false;
            }

            if (IsRight(context, given[Scheme.Length..].Trim()))
            {
                return true;
            }
        }
        else if (context.Request.Path == "/")
        {
            context.Response.StatusCode = (int)HttpStatusCode.SeeOther;
            context.Response.Headers.Location = "/login";
            return false;
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        await PageAnswers.SayAsync(context, HttpStatusCode.Unauthorized, "a secret is needed: the content of Perb:Status:TokenFile, as a bearer token");
        return false;
    }

    /// <summary>The form came back.</summary>
    public async Task TryAsync(HttpContext context)
    {
        if (IsPaused(context))
        {
            await RefuseAsync(context, HttpStatusCode.TooManyRequests, TooMany);
        }
        else if (!context.Request.HasFormContentType
            || (await context.Request.ReadFormAsync(context.RequestAborted))["token"] is not [{ } token] || !IsRight(context, token.Trim()))
        {
            await RefuseAsync(context, HttpStatusCode.Unauthorized, "That is not the secret.");
        }
        else
        {
            var cookie = new CookieOptions { HttpOnly = true, Secure = true, SameSite = SameSiteMode.Strict, Path = "/", MaxAge = PageSecrets.Session };
            context.Response.Cookies.Append(CookieName, secrets.NewCookie(), cookie);
            context.Response.StatusCode = (int)HttpStatusCode.SeeOther;
            context.Response.Headers.Location = "/";
        }
    }

    private static Task RefuseAsync(HttpContext context, HttpStatusCode code, string fault)
    {
        context.Response.StatusCode = (int)code;
        return PageAnswers.SendAsync(context, "text/html; charset=utf-8", LoginHtml.Of(fault));
    }

    private bool IsPaused(HttpContext context)
    {
        if (_wrong.PauseOf(AddressOf(context)) is not { } pause)
        {
            return false;
        }

        context.Response.Headers.RetryAfter = Math.Ceiling(pause.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return true;
    }

    private bool IsRight(HttpContext context, string token)
    {
        var address = AddressOf(context);
        if (secrets.IsToken(token))
        {
            _wrong.Forget(address);
            return true;
        }

        var (times, pause) = _wrong.Count(address);
        if (pause > TimeSpan.Zero)
        {
            logger.WrongSecrets(address.ToString(), times, pause);
        }

        return false;
    }

    private static IPAddress AddressOf(HttpContext context) => context.Connection.RemoteIpAddress ?? IPAddress.None;
}
