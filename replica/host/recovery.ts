import { QuintetError, toError } from '../core/model/errors.ts'
import { ReplicaCore } from '../core/replica-core.ts'
import { heldFrom } from '../core/version-vector.ts'
import { decodeImage } from '../wire/image-decode.ts'
import { originOf } from '../wire/keys.ts'
import type { HostOptions } from './host-options.ts'
import type { Damage } from './ports.ts'

/** What of the host's parts is needed for it: nothing that talks to others. */
type RecoveryParts = Pick<HostOptions, 'storage' | 'identity' | 'makeBatch' | 'wire' | 'logger'>

export interface RecoveredCore {
  readonly core: ReplicaCore
  /** Of the log: the core is to be told of it. */
  readonly damage: readonly Damage[]
}

/** A core of what storage holds: snapshot and log suffix. Failures are those of `Storage.recover`, and DAMAGED. */
export const recoverCore = async ({
  storage,
  identity,
  makeBatch,
  wire,
  logger,
}: RecoveryParts): Promise<RecoveredCore> => {
  const { snapshot, suffix, highest, damage, repairs } = await storage.recover()
  for (const repair of repairs) logger.warn(repair)
  const unread = damage.filter(({ mayComeBack }) => mayComeBack === true)
  // Who begins from nothing forgets what may be read the next time.
  if (snapshot === null && unread[0] !== undefined) throw new QuintetError('DISK_FAILED', unread[0].reason)
  const beyond = unread.filter(({ origin, last }) => last > heldFrom(snapshot?.vector ?? new Map(), origin))
  const image = snapshot === null ? null : decodeImage(snapshot.chunks)
  if (image !== null && !image.ok) throw toError(image.failure)
  const core = new ReplicaCore(
    identity,
    { makeBatch, firstHash: (origin) => wire.firstHash(origin), originOf },
    {
      image: image?.value ?? null,
      suffix,
      highest,
      unread: new Set(beyond.map(({ origin }) => origin)),
    },
  )
  return { core, damage }
}
