namespace Perb.Scheduler.StatusPage;

/// <summary>The form that asks for the secret. Says nothing about what is behind it.</summary>
internal static class LoginHtml
{
    /// <param name="fault">What was wrong before; null: nothing.</param>
    public static byte[] Of(string? fault)
    {
        var html = new HtmlText();
        html.Add($"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>Perb</title>
            <meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
            <link rel="stylesheet" href="/app.css"></head><body><main><form method="post" action="/login">

            """);
        if (fault is not null)
        {
            html.Add($"<p class=\"unsafe\" role=\"alert\">{fault}</p>\n");
        }

        html.Add($"""
            <label>Secret of the status page <input type="password" name="token" autocomplete="current-password" required autofocus></label>
            <button>Show</button></form></main></body></html>

            """);
        return html.ToBytes();
    }
}
