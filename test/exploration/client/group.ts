import { serverId } from '../../../replica/core/model/ids.ts'
import { originOf, peerIdOf, publicKeyOf, toPrivateKey } from '../../../replica/wire/keys.ts'
import { createWire } from '../../../replica/wire/wire.ts'

/** The group that everybody here belongs to. */
export const groupId = new Uint8Array(16).fill(3)
export const wire = createWire({ groupId })

/** The installs on the first seats. */
export const installs = [1, 2].map((seat) => {
  const server = serverId(seat)
  const privateKey = toPrivateKey(new Uint8Array(32).fill(seat))
  const publicKey = publicKeyOf(privateKey)
  const peer = peerIdOf(publicKey)
  const origin = originOf(server, peer)
  return { server, origin, peer, publicKey, make: wire.makeBatchWith({ origin, privateKey, publicKey }) }
})
export type Install = (typeof installs)[number]
