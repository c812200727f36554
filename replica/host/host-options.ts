import type { Identity } from '../core/membership.ts'
import type { PeerId } from '../core/model/ids.ts'
import type { KeptGroupKey } from '../core/model/messages.ts'
import type { MakeBatch } from '../core/model/updates.ts'
import type { Wire } from '../wire/wire.ts'
import type { ClockPort, LoggerPort, Storage, Transport } from './ports.ts'

/** Who the replica is, and the ports that it runs on. */
export interface HostOptions {
  readonly identity: Identity
  readonly makeBatch: MakeBatch
  readonly wire: Wire
  readonly storage: Storage
  readonly transport: Transport
  readonly clock: ClockPort
  readonly logger: LoggerPort
  /** The group key that is in use. */
  readonly groupKey: KeptGroupKey
  /** Keeps a newer group key durably, and uses it from then on. */
  readonly keepKey: (groupKey: KeptGroupKey) => Promise<void>
  /** Where the members of the invite can be dialled; empty for the group's first install. */
  readonly invitedBy: ReadonlyMap<PeerId, readonly string[]>
}
