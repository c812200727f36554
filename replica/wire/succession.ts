import type { Clock, PeerId, ServerId } from '../core/model/ids.ts'
import type { Batch, SeatChange } from '../core/model/updates.ts'
import type { InstallKey } from './batch-codec.ts'
import { makeBatchWith } from './batch-codec.ts'
import { groupContext, signedByFormer, startOfChain } from './group-context.ts'
import type { PrivateKey } from './keys.ts'
import { originOf, peerIdOf, signBytes } from './keys.ts'

/** Who had the seat until now. */
export interface FormerInstall {
  readonly server: ServerId
  readonly peer: PeerId
  readonly privateKey: PrivateKey
  readonly machine: string
}

/**
 * The first batch of the install that goes on in the seat of `former`, which signs for it: it shows to everyone who knows
 * the former one that the new one may take its place.
 */
export const successionBatch = (groupId: Uint8Array, former: FormerInstall, next: InstallKey, clock: Clock): Batch => {
  const context = groupContext(groupId)
  const { server, machine } = former
  const peer = peerIdOf(next.publicKey)
  const signature = signBytes(former.privateKey, signedByFormer(context, server, peer))
  const change: SeatChange = {
    kind: 'seat',
    server,
    peer,
    machine,
    replaces: originOf(server, former.peer),
    succession: { former: former.peer, signature },
  }
  return makeBatchWith(context, next)(1, startOfChain(context, next.origin), [{ clock, change }])
}
