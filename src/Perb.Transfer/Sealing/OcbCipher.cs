using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Perb.Transfer.Sealing;

/// <summary>AES-256 OCB of OpenSSL 3, the same library that .NET's own ciphers use on Linux; .NET has no name for this mode.</summary>
internal sealed partial class OcbCipher : IDisposable
{
    public const int BlockBytes = 16;
    public const int NonceBytes = 15;
    public const int TagBytes = 16;

    private const string Library = "libcrypto.so.3";
    private const int SetNonceLength = 0x9;
    private const int GetTag = 0x10;
    private const int SetTag = 0x11;
    private const int AsBefore = -1;

    private readonly ContextHandle _context;

    public OcbCipher(ReadOnlySpan<byte> key, CipherDirection direction)
    {
        _context = NewContext();
        if (_context.IsInvalid)
        {
            throw new CryptographicException("OpenSSL has no memory for a cipher");
        }

        Check(Init(_context, Aes256Ocb(), 0, [], [], direction == CipherDirection.Encrypt ? 1 : 0), "AES-256 OCB");
        Check(Control(_context, SetNonceLength, NonceBytes, []), "the nonce length");
        Check(Init(_context, 0, 0, key, [], AsBefore), "the key");
    }

    public static bool IsAvailable { get; } = NativeLibrary.TryLoad(Library, out var library)
        && NativeLibrary.TryGetExport(library, "EVP_aes_256_ocb", out _);

    /// <summary>Starts a message under the same key.</summary>
    public void Begin(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated)
    {
        Check(Init(_context, 0, 0, [], nonce, AsBefore), "the nonce");
        Check(Update(_context, [], out _, associated, associated.Length), "the associated data");
    }

    /// <summary>Returns how many bytes came out: whole blocks; the rest waits. The output has room for one block more.</summary>
    public int Transform(ReadOnlySpan<byte> input, Span<byte> output)
    {
        Check(Update(_context, output, out var written, input, input.Length), "the content");
        return written;
    }

    /// <summary>The bytes that waited, then the tag of what was encrypted.</summary>
    public int FinishWithTag(Span<byte> output)
    {
        Check(Final(_context, output, out var written), "the last block");
        Check(Control(_context, GetTag, TagBytes, output[written..]), "the tag");
        return written + TagBytes;
    }

    /// <summary>The bytes that waited, if what was decrypted has this tag; else null, and nothing that came out before is to be believed.</summary>
    public int? FinishIfTagIs(Span<byte> tag, Span<byte> output)
    {
        Check(Control(_context, SetTag, TagBytes, tag), "the tag");
        return Final(_context, output, out var written) == 1 ? written : null;
    }

    public void Dispose() => _context.Dispose();

    private static void Check(int result, string what)
    {
        if (result != 1)
        {
            throw new CryptographicException($"OpenSSL refused {what}");
        }
    }

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_new")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial ContextHandle NewContext();

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial void FreeContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_aes_256_ocb")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint Aes256Ocb();

    // An empty span is passed as a null pointer, which OpenSSL reads as "leave this as it is".
    [LibraryImport(Library, EntryPoint = "EVP_CipherInit_ex")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Init(ContextHandle context, nint cipher, nint engine, ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, int encrypts);

    [LibraryImport(Library, EntryPoint = "EVP_CipherUpdate")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Update(ContextHandle context, Span<byte> output, out int written, ReadOnlySpan<byte> input, int inputBytes);

    [LibraryImport(Library, EntryPoint = "EVP_CipherFinal_ex")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Final(ContextHandle context, Span<byte> output, out int written);

    [LibraryImport(Library, EntryPoint = "EVP_CIPHER_CTX_ctrl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Control(ContextHandle context, int type, int argument, Span<byte> pointer);

    private sealed class ContextHandle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            FreeContext(handle);
            return true;
        }
    }
}
