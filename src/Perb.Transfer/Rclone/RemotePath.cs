using System.Diagnostics.CodeAnalysis;

namespace Perb.Transfer.Rclone;

/// <summary>
/// A place as rclone names it: <c>gdrive:perb</c>, <c>:local:/x</c> (a connection string), or <c>/x</c>, an absolute directory
/// of this node. Relative directories are refused: a service has no working directory to speak of.
/// </summary>
public sealed record RemotePath
{
    private RemotePath(string remote, string path) => (Remote, Path) = (remote, path);

    /// <summary>The part up to and with the colon, or nothing for a directory of this node.</summary>
    public string Remote { get; }

    /// <summary>The part below <see cref="Remote"/>, without a closing slash.</summary>
    public string Path { get; }

    /// <exception cref="FormatException">With one line that says what is wrong.</exception>
    public static RemotePath Parse(string text) =>
        TryParse(text, out var path, out var fault) ? path : throw new FormatException(fault);

    public static bool TryParse(
        string? text, [NotNullWhen(true)] out RemotePath? path, [NotNullWhen(false)] out string? fault)
    {
        (path, fault) = (null, FaultOf(text));
        if (fault is not null)
        {
            fault = $"'{Printable.Clean(RemoteName.WithoutParameters(text ?? ""), 100)}' is not an rclone path: {fault}";
            return false;
        }

        var split = text![0] == '/' ? 0 : RemoteName.End(text) + 1;
        var below = text[split..];
        var trimmed = below.TrimEnd('/');
        path = new RemotePath(text[..split], trimmed.Length == 0 && below.Length > 0 ? "/" : trimmed);
        return true;
    }

    /// <summary>The path of a file in this directory. Any name that a file can have is allowed: remotes hold foreign ones.</summary>
    public RemotePath Join(string name)
    {
        if (name.Length == 0 || name is "." or ".." || name.AsSpan().IndexOfAny('/', '\0') >= 0)
        {
            throw new ArgumentException($"'{Printable.Clean(name, 100)}' cannot be the name of a file.", nameof(name));
        }

        return new RemotePath(Remote, Path.Length == 0 || Path.EndsWith('/') ? Path + name : $"{Path}/{name}");
    }

    /// <summary>Exactly what rclone is given; it can hold a password.</summary>
    internal string Argument => Remote + Path;

    /// <summary>For messages and logs: without a connection string's parameters, one line.</summary>
    public override string ToString() => Printable.Clean(RemoteName.WithoutParameters(Remote) + Path, 300);

    private static string? FaultOf(string? text) => text switch
    {
        null or "" => "it is empty; name a remote such as gdrive:perb or a directory such as /mnt/offsite",
        _ when text.EnumerateRunes().Any(rune => !Printable.IsVisible(rune)) => "it holds an invisible character",
        _ when char.IsWhiteSpace(text[0]) || text.TrimEnd('/') is [.., var last] && char.IsWhiteSpace(last) => "it begins or ends with a space",
        ['-', ..] => "it begins with a dash, as an option does",
        ['/', ..] => null,
        _ => RemoteName.FaultOf(text),
    };
}
