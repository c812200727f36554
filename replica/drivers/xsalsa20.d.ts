/** A stream cipher (xsalsa20 1.2.0) that comes without types. */
declare module 'xsalsa20' {
  interface StreamCipher {
    update(input: Uint8Array, output?: Uint8Array): Uint8Array
    /** Gives its place in the memory that all ciphers share back; it cannot be used any more. */
    finalize(): void
  }
  function xsalsa20(nonce: Uint8Array, key: Uint8Array): StreamCipher
  export = xsalsa20
}
