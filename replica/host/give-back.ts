import type { Command } from '../core/effects.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { OriginId, Sequence, UpdateId } from '../core/model/ids.ts'
import { splitUpdateId, updateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Change, SignedChange, SystemChange, Update } from '../core/model/updates.ts'
import { sameBytes } from '../wire/bytes.ts'
import { signedPartsOf } from '../wire/signed-parts.ts'
import type { ClockPort, LoggerPort, Storage } from './ports.ts'
import type { ReplicaHost } from './replica-host.ts'

type Log = Pick<Storage, 'readBatches' | 'readUpdates'>

/** A copy that was set aside when this install started over. */
export interface AsideLog {
  /** Whose log had forked, so that what it held beyond the fork has names that mean something else by now; null when none had. */
  readonly forked: OriginId | null
  readonly storage: Storage
  /** Everything in it has been given back. */
  discard(): Promise<void>
}

interface GiveBackOptions {
  readonly host: ReplicaHost
  readonly storage: Storage
  readonly clock: ClockPort
  readonly logger: LoggerPort
  /** Opens the next copy that was set aside; null when there is none (any more). */
  readonly open: () => Promise<AsideLog | null>
  /** Told when all is given back. */
  readonly done: () => void
}

const lookEveryMs = 250
const sequencesAtOnce = 256

/**
 * Gives back what only an older copy of this machine had, when what the others have was taken in: batches that follow on
 * what they hold as they are; of a log that had forked, what persons signed, written anew. Persons' signatures stand, and
 * a wish that the others know already is not carried out twice.
 */
export class GiveBack {
  readonly #options: GiveBackOptions
  #stop: () => void = () => undefined
  #work: Promise<void> = Promise.resolve()
  #isBusy = false
  #isStopped = false

  constructor(options: GiveBackOptions) {
    this.#options = options
  }

  /** Looks again and again whether it is time, until all is given back. */
  start(): void {
    this.#stop = this.#options.clock.every(lookEveryMs, () => {
      if (this.#isBusy) return
      this.#isBusy = true
      this.#work = this.#look()
        .catch((error: unknown) => {
          if (!this.#isStopped) this.#options.logger.warn('giving back will be tried again', { error: String(error) })
        })
        .finally(() => (this.#isBusy = false))
    })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stop()
    await this.#work
  }

  async #look(): Promise<void> {
    if (!(await this.#options.host.read((core) => core.isCaughtUp))) return
    const aside = await this.#options.open()
    if (aside === null) {
      this.#stop()
      this.#options.done()
      return
    }
    try {
      await this.#giveBack(aside)
    } finally {
      await aside.storage.close()
    }
    await aside.discard()
  }

  async #giveBack({ storage, forked }: AsideLog): Promise<void> {
    const { host, logger } = this.#options
    const { highest } = await storage.recover()
    const own = await host.read((core) => core.identity.origin)
    for (const [origin, last] of highest) {
      if (origin === own) continue
      const batches = await this.#follow(storage, origin)
      const found = origin === forked ? await this.#divergent(storage, origin, last) : []
      const issued = await this.#reissue(found)
      if (batches + issued > 0) logger.info('given back from an older copy', { origin, batches, issued })
    }
  }

  /** Hands in batches that follow on what is held. Returns how many. */
  async #follow(aside: Log, origin: OriginId): Promise<number> {
    const { host } = this.#options
    const heldNow = (): Promise<Sequence> => host.read((core) => core.state.held(origin))
    let count = 0
    for (let after = await heldNow(); ;) {
      const batches = await aside.readBatches(origin, after, limits.chunkBytes)
      await host.receive(batches)
      const held = await heldNow()
      if (held <= after) return count
      count += batches.length
      after = held
    }
  }

  /** What the copy had of a forked log beyond the last update that both have, ascending. */
  async #divergent(aside: Log, origin: OriginId, last: Sequence): Promise<readonly Update[]> {
    const found: Update[] = []
    for (let top = last; top > 0; top -= sequencesAtOnce) {
      const least = Math.max(1, top - sequencesAtOnce + 1)
      const sequences = Array.from({ length: top - least + 1 }, (_, index) => least + index)
      const mine = await aside.readUpdates(origin, sequences)
      const theirs = new Map(
        (await this.#options.storage.readUpdates(origin, sequences)).map((update) => [update.sequence, update.bytes]),
      )
      for (const update of mine.toReversed()) {
        const other = theirs.get(update.sequence)
        if (other !== undefined && sameBytes(other, update.bytes)) return found.toReversed()
        found.push(update)
      }
    }
    return found.toReversed()
  }

  async #reissue(updates: readonly Update[]): Promise<number> {
    const { host } = this.#options
    let count = 0
    for (const change of reissued(updates)) {
      try {
        await host.command({ kind: 'reissue', change })
        count += 1
      } catch (error) {
        const isNeedless = error instanceof QuintetError && error.code === 'BAD_REQUEST'
        if (!isNeedless) throw error
      }
    }
    return count
  }
}

export type Reissued = Extract<Command, { kind: 'reissue' }>['change']

/** What of these updates of one forked log is worth being written anew. */
export const reissued = (updates: readonly Update[]): readonly Reissued[] => {
  const forked = new Set(updates.map(({ origin, sequence }) => updateId(origin, sequence)))
  const gone = deletedByAll(updates)
  return updates.flatMap((update) => {
    // A mark on a mail of the fork would hit the mail that has this name now.
    if (mailsMeant(update.change).some((mail) => forked.has(mail) || isBeyond(mail, updates))) return []
    if (gone.has(updateId(update.origin, update.sequence))) return []
    return changeOf(update)
  })
}

const changeOf = ({ change, bytes }: Update): readonly Reissued[] => {
  switch (change.kind) {
    case 'unknown':
    case 'forged':
      return []
    case 'group':
    case 'seat':
    case 'invite':
    case 'admission':
    case 'clientAdmission':
    case 'retirement':
    case 'revocation':
    case 'machineName':
      return [change satisfies SystemChange]
    default: {
      const parts = signedPartsOf(bytes)
      return parts.ok ? [{ change, ...parts.value } satisfies SignedChange] : []
    }
  }
}

/** The mails that a person's change is about. */
const mailsMeant = (change: Change): readonly UpdateId[] => {
  if ('mails' in change) return change.mails
  return 'mail' in change ? [change.mail] : []
}

const isBeyond = (mail: UpdateId, updates: readonly Update[]): boolean => {
  const [first] = updates
  const { origin, sequence } = splitUpdateId(mail)
  return origin === first?.origin && sequence >= first.sequence
}

/** Mails of the fork that everybody who had a copy has deleted in it. */
const deletedByAll = (updates: readonly Update[]): ReadonlySet<UpdateId> => {
  const deleters = new Map<UpdateId, Set<string>>()
  for (const { change } of updates) {
    const isDeletion = change.kind === 'deletion' || (change.kind === 'marks' && change.mark === 'delete')
    if (!isDeletion) continue
    for (const mail of mailsMeant(change))
      deleters.set(mail, (deleters.get(mail) ?? new Set<string>()).add(change.account))
  }
  const gone = new Set<UpdateId>()
  for (const { origin, sequence, change } of updates) {
    const id = updateId(origin, sequence)
    if (change.kind !== 'mail') continue
    if ([change.account, ...change.to].every((owner) => deleters.get(id)?.has(owner) ?? false)) gone.add(id)
  }
  return gone
}
