namespace Perb.Scheduler.Notifying;

/// <summary>A concern and what people were told of it: what has to survive a restart, so that nothing is told twice.</summary>
/// <param name="Since">When it began.</param>
/// <param name="NoticedAt">When it was first seen, also by a service that was away before.</param>
/// <param name="ToldAt">Null: nobody was told yet.</param>
/// <param name="RemindedAt">The last reminder.</param>
/// <param name="GoneAt">It seems to be over since then; null: it goes on.</param>
public sealed record Alarm(
    string Key,
    string Code,
    string Subject,
    int? Guest,
    string Headline,
    string Text,
    DateTimeOffset Since,
    DateTimeOffset NoticedAt,
    DateTimeOffset? ToldAt,
    DateTimeOffset? RemindedAt,
    DateTimeOffset? GoneAt)
{
    /// <summary>As it is when it is first seen.</summary>
    public static Alarm Of(Concern concern, DateTimeOffset now) => new(
        concern.Key, concern.Code.Code, concern.Subject, concern.Guest, concern.Headline, concern.Text, Believable(concern, now) ?? now, now, null, null, null);

    /// <summary>Still there; its words are those of now. What became another kind of matter is told anew.</summary>
    public Alarm GoingOn(Concern concern, DateTimeOffset now) => concern.Code.Code != Code ? Of(concern, now) : this with
    {
        Headline = concern.Headline,
        Text = concern.Text,
        Since = Believable(concern, now) ?? Since,
        GoneAt = null,
    };

    /// <summary>A clock that was ahead and was set back: what it dated silences nothing until that time comes again.</summary>
    public Alarm NotAfter(DateTimeOffset now) => this with
    {
        Since = Since < now ? Since : now,
        NoticedAt = NoticedAt < now ? NoticedAt : now,
        ToldAt = ToldAt > now ? now : ToldAt,
        RemindedAt = RemindedAt > now ? now : RemindedAt,
        GoneAt = GoneAt > now ? now : GoneAt,
    };

    private static DateTimeOffset? Believable(Concern concern, DateTimeOffset now) => concern.Since <= now ? concern.Since : null;
}
