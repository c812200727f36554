import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { createRequire } from 'node:module'
import { multiaddr } from '@multiformats/multiaddr'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { createLibp2p } from 'libp2p'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { abortConnection } from '../../replica/drivers/libp2p-abort.ts'
import { baseOptions } from '../../replica/drivers/libp2p-base.ts'
import { allConnected, groupKey, introduce, startPeer, stopAll, within } from './harness.ts'

// As where libsodium is not to be had: all other tests of the network work with it.
vi.mock('../../replica/drivers/sodium.ts', () => ({ loadSodium: () => null }))

afterEach(stopAll)

const xsalsa20 = createRequire(import.meta.resolve('@libp2p/pnet'))('xsalsa20') as (
  nonce: Uint8Array,
  key: Uint8Array,
) => { readonly _xor: { readonly _pointer: number; finalize(): void } }

/** Where the next cipher would stand in the memory that all ciphers of the process share. */
const nextPlace = (): number => {
  const cipher = xsalsa20(new Uint8Array(24), new Uint8Array(32))
  const place = cipher._xor._pointer
  cipher._xor.finalize()
  return place
}

describe('the private network', () => {
  test('gives the place of its ciphers back when connections end, tries included', async () => {
    const peer = await startPeer()
    const address = multiaddr(peer.addresses()[0])
    const friend = await createLibp2p(baseOptions(groupKey, await generateKeyPair('Ed25519')))
    await friend.start()
    const goOnce = async (): Promise<void> => {
      const connection = await friend.dial(address)
      const closed = new Promise((resolve) => {
        connection.addEventListener('close', resolve)
      })
      abortConnection(connection, 'done')
      await closed
    }
    const knockOnce = async (): Promise<void> => {
      const socket = connect(Number(address.getComponents()[1]?.value), '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(randomBytes(200))
      await new Promise((resolve) => socket.on('close', resolve))
    }
    await goOnce()
    const before = nextPlace()
    for (let index = 0; index < 100; index += 1) await goOnce()
    for (let round = 0; round < 3; round += 1) await Promise.all(Array.from({ length: 40 }, knockOnce))
    // A few connections may still be on their way out.
    expect(nextPlace() - before).toBeLessThan(64 * 20)
    await friend.stop()
  })

  test('carries bursts far longer than the memory of its ciphers', async () => {
    const [one, two] = [await startPeer(), await startPeer()]
    introduce(one, two)
    await allConnected(one, two)
    const count = 12
    for (let index = 0; index < count; index += 1) {
      one.transport.send(two.id, new Uint8Array(1_500_000).fill(index), 'ordinary')
      two.transport.send(one.id, new Uint8Array(1_500_000).fill(index), 'ordinary')
    }
    for (const { seen } of [one, two]) {
      await within(
        20_000,
        'all frames',
        seen.until(() => seen.messages.length === count),
      )
      expect(seen.messages.every(({ frame }, index) => frame[0] === index && frame[1_499_999] === index)).toBe(true)
    }
  })
})
