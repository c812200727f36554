import { preSharedKey } from '@libp2p/pnet'
import type { ConnectionProtector, MessageStream } from '@libp2p/interface'
import { Buffer } from 'node:buffer'

/** The stream cipher of xsalsa20 1.2.0, as `@libp2p/pnet` holds it. */
interface Cipher {
  update(input: Uint8Array, output?: Uint8Array): Uint8Array
  finalize?(): void
}

interface CipheredStream extends MessageStream {
  inboundXor: Cipher
  outboundXor: Cipher
}

/** Less than the cipher's memory: beyond it, each cipher's growing makes every other one grow at its next use. */
const sliceBytes = 65_536

/**
 * A private network whose key is the group's: without it nobody gets as far as the noise handshake.
 *
 * All ciphers of xsalsa20 live in one WebAssembly memory, and `@libp2p/pnet` never gives a cipher's place back: after some
 * 5,000 connections, tries included, no further one can be made; and a single write of more than 600 KB sets off a growth that
 * soon ends every connection. So the place is given back when a connection closes, and long writes are cut.
 */
export const privateNetwork = (groupKey: Uint8Array): (() => ConnectionProtector) => {
  const createProtector = preSharedKey({ psk: keyFile(groupKey) })
  return () => {
    const protector = createProtector()
    return {
      protect: async (connection, options) => {
        const stream = await protector.protect(connection, options)
        if (isCiphered(stream)) tame(stream)
        return stream
      },
    }
  }
}

/** The version 1 key file of private networks (libp2p specs, pnet). */
const keyFile = (groupKey: Uint8Array): Uint8Array =>
  new TextEncoder().encode(`/key/swarm/psk/1.0.0/\n/base16/\n${Buffer.from(groupKey).toString('hex')}`)

const isCiphered = (stream: MessageStream): stream is CipheredStream =>
  'inboundXor' in stream && 'outboundXor' in stream

const tame = (stream: CipheredStream): void => {
  const ciphers = [stream.inboundXor, stream.outboundXor]
  stream.inboundXor = sliced(stream.inboundXor)
  stream.outboundXor = sliced(stream.outboundXor)
  const release = (): void => {
    const inert: Cipher = { update: (input) => input }
    stream.inboundXor = inert
    stream.outboundXor = inert
    for (const cipher of ciphers.splice(0)) cipher.finalize?.()
  }
  if (stream.status === 'open') stream.addEventListener('close', release, { once: true })
  else release()
}

const sliced = (cipher: Cipher): Cipher => ({
  update: (input) => {
    if (input.length <= sliceBytes) return cipher.update(input)
    const output = new Uint8Array(input.length)
    for (let at = 0; at < input.length; at += sliceBytes) {
      cipher.update(input.subarray(at, at + sliceBytes), output.subarray(at, at + sliceBytes))
    }
    return output
  },
})
