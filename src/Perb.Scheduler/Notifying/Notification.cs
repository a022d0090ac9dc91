using System.Text.Json;
using System.Text.Json.Serialization;

namespace Perb.Scheduler.Notifying;

/// <summary>Why a message is sent.</summary>
public enum NotificationKind
{
    /// <summary>Something began, and perhaps something else is over.</summary>
    Alarm,

    /// <summary>Something is over.</summary>
    Over,

    /// <summary>Nothing changed; it goes on.</summary>
    Reminder,

    /// <summary>The week.</summary>
    Digest,

    /// <summary>Somebody wants to know whether it arrives.</summary>
    Test,
}

/// <summary>An alarm as it is told. All of its text is harmless: one line, no control characters.</summary>
public sealed record NotifiedAlarm(
    string Code, string Subject, int? Guest, string Headline, string Text, DateTimeOffset Since, string PerbDoes, string WhatToDo)
{
    /// <summary>Of what is over: it is well again. Null: it goes on.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? IsMended { get; init; }

    public static NotifiedAlarm Of(Alarm alarm)
    {
        var code = AlarmCode.Of(alarm.Code);
        return new NotifiedAlarm(code.Code, alarm.Subject, alarm.Guest, alarm.Headline, alarm.Text, alarm.Since, code.PerbDoes, code.WhatToDo);
    }
}

/// <summary>A message to a person, whole and in words: however late it is delivered, it says what was true when it was made.</summary>
/// <param name="Title">One line.</param>
/// <param name="Text">Lines that end with a line feed.</param>
public sealed record Notification(
    NotificationKind Kind,
    DateTimeOffset At,
    string Node,
    string Title,
    string Text,
    IReadOnlyList<NotifiedAlarm> Raised,
    IReadOnlyList<NotifiedAlarm> Over,
    IReadOnlyList<NotifiedAlarm> Ongoing)
{
    /// <summary>Of the lists, which a receiver would refuse at some length, only so many are sent; the counts are those of all.</summary>
    public const int MostListed = 100;

    public int RaisedCount { get; init; } = Raised.Count;

    public int OverCount { get; init; } = Over.Count;

    public int OngoingCount { get; init; } = Ongoing.Count;

    /// <summary>The word for programs.</summary>
    [JsonIgnore]
    public string Event => Kind.ToString().ToLowerInvariant();

    public string ToJson() => JsonSerializer.Serialize(this, NotificationJson.Default.Notification);

    /// <summary>What another version wrote and this one cannot read is told in so many words, and holds up nothing that waits behind it.</summary>
    public static Notification FromJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, NotificationJson.Default.Notification) ?? throw new JsonException();
        }
        catch (JsonException)
        {
            return new Notification(
                NotificationKind.Alarm, default, "", "Perb: a message that cannot be read", "Another version of Perb made it. Now: perb status.\n", [], [], []);
        }
    }
}

[JsonSerializable(typeof(Notification))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
internal sealed partial class NotificationJson : JsonSerializerContext;
