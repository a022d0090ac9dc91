namespace Perb.Transfer.Sealing;

/// <summary>Which way a cipher goes: sealing and restoring share their ciphers.</summary>
internal enum CipherDirection
{
    Encrypt,
    Decrypt,
}
