using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Perb.ProxmoxClient.Wire;

/// <summary>
/// A list in one string, separated by commas, semicolons or blanks; its order changes from answer to answer.
/// </summary>
internal sealed class NameSetConverter : JsonConverter<IReadOnlySet<string>>
{
    private static readonly char[] Separators = [',', ';', ' '];

    public override bool HandleNull => true;

    public static IReadOnlySet<string> Split(string? list) =>
        (list ?? "").Split(Separators, StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);

    public override IReadOnlySet<string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Split(reader.TokenType == JsonTokenType.Null ? null : Scalar.Text(ref reader));

    public override void Write(Utf8JsonWriter writer, IReadOnlySet<string> value, JsonSerializerOptions options) =>
        writer.WriteStringValue(string.Join(',', value));
}

/// <summary><c>qemu</c> and <c>lxc</c>; null for every other word.</summary>
internal sealed class GuestTypeConverter : JsonConverter<GuestType?>
{
    public override GuestType? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Scalar.Text(ref reader) switch
        {
            "qemu" => GuestType.Qemu,
            "lxc" => GuestType.Lxc,
            _ => null,
        };

    public override void Write(Utf8JsonWriter writer, GuestType? value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value switch { GuestType.Qemu => "qemu", GuestType.Lxc => "lxc", _ => "" });
}

internal sealed class UpidConverter : JsonConverter<Upid>
{
    public override Upid Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = Scalar.Text(ref reader);
        return Upid.TryParse(text, out var upid)
            ? upid
            : throw new JsonException($"'{ForeignText.OneLine(text)}' is not a UPID");
    }

    public override void Write(Utf8JsonWriter writer, Upid value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
