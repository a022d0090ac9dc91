namespace Perb.ProxmoxClient;

/// <summary>
/// The secret half of an API token. It prints as <c>***</c>, so that no log line, message or record can carry it by
/// accident. White space around the value is dropped: secrets come from files that end in a newline.
/// </summary>
public sealed class ApiSecret(string value)
{
    private readonly string _value = value.Trim();

    public override string ToString() => "***";

    internal string Reveal() => _value;
}
