using Perb.Transfer.Keys;

namespace Perb.Transfer.Sealing;

/// <summary>How a volume's content is encrypted and protected against change.</summary>
public enum PacketKind
{
    /// <summary>SEIPD version 1 (tag 18): AES-256 CFB with a SHA-1 at the end. Every OpenPGP program reads it.</summary>
    Mdc,

    /// <summary>GnuPG's AEAD packet (tag 20): AES-256 OCB in chunks. GnuPG reads it, and stops at the first damaged chunk.</summary>
    Ocb,
}

/// <summary>The words of configuration and store, and the choice that <c>auto</c> makes.</summary>
public static class PacketChoice
{
    public const string Auto = "auto";

    public static string Word(this PacketKind kind) => kind switch
    {
        PacketKind.Mdc => "mdc",
        PacketKind.Ocb => "ocb",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <exception cref="FormatException">Neither <c>mdc</c> nor <c>ocb</c>.</exception>
    public static PacketKind Parse(string word) => word switch
    {
        "mdc" => PacketKind.Mdc,
        "ocb" => PacketKind.Ocb,
        _ => throw new FormatException($"'{word}' is no packet: mdc and ocb are"),
    };

    /// <summary>
    /// <c>mdc</c> and <c>ocb</c> are themselves; <c>auto</c> does what gpg would do: OCB only if every recipient's key says that
    /// it can read it, and if this machine can write it.
    /// </summary>
    /// <exception cref="FormatException">None of the three words.</exception>
    public static PacketKind For(string word, IReadOnlyList<Recipient> recipients, bool ocbIsAvailable) =>
        word != Auto
            ? Parse(word)
            : ocbIsAvailable && recipients.Count > 0 && recipients.All(recipient => recipient.AdvertisesOcb) ? PacketKind.Ocb : PacketKind.Mdc;
}
