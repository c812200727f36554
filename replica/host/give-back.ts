import type { Command } from '../core/effects.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { OriginId, Sequence, UpdateId } from '../core/model/ids.ts'
import { splitUpdateId, updateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Update } from '../core/model/updates.ts'
import type { GroupState } from '../core/state/group-state.ts'
import type { ClockPort, LoggerPort, Storage } from './ports.ts'
import { Divergence, relationOf, stateOf } from './divergence.ts'
import { isToBeDisowned, ofOtherSide } from './former-install.ts'
import { peopleOnlyIn } from './people-of-copy.ts'
import { onceMore, Reissuing, type Reissued } from './reissue.ts'
import type { ReplicaHost } from './replica-host.ts'
import { type FullestCopy, fullestCopy, isAlone } from './taking-up.ts'
import { asTheyAre, worthGivingBack } from './worth-giving-back.ts'

type Log = Pick<Storage, 'readBatches' | 'readUpdates'>
type LogEnd = readonly [OriginId, Sequence]
type Disowning = Extract<Command, { kind: 'disown' }>

/** A copy that was set aside when this install started over. */
export interface AsideLog {
  /** Whose log had forked, so that what it held beyond the fork has names that mean something else by now; null when none had. */
  readonly forked: OriginId | null
  readonly storage: Storage
  /** Everything in it has been given back. */
  discard(): Promise<void>
}

interface GiveBackOptions {
  readonly host: Pick<ReplicaHost, 'read' | 'receive' | 'command' | 'mend' | 'tellAside'>
  readonly storage: Storage
  readonly clock: ClockPort
  readonly logger: LoggerPort
  /** The installs of whose copies some were set aside and not wholly given back; see `open`. */
  readonly copies: () => Promise<readonly OriginId[]>
  readonly open: (copy: OriginId) => Promise<AsideLog>
  /** Told that nobody has a state, so that this copy is to be begun from. The present life is ended for it. */
  readonly takeUp: (copy: OriginId) => void
  /** Told when all is given back. */
  readonly done: () => void
}

const lookEveryMs = 250
const sequencesAtOnce = 32
/** In logs that have not forked, so many updates are looked through for marks on mails of the fork: the newest. */
const lookedThrough = 10_240
/** So often in a row nobody has a state before an older one is taken up: by whoever has the fullest, or if that does not, by any. */
const strandedLooks = 40
const strandedLooksOfAny = 120
/** So often in a row nobody is seen before a copy is taken up that knows of nobody else, or if there are others, who may all be gone for good. */
const aloneLooks = 40
const aloneLooksOfAny = 2_400

/**
 * Gives back what only an older copy of this machine had, when what the others have was taken in: batches that follow on
 * what they hold as they are; of logs that had forked, what persons signed, written anew. Persons' signatures stand, and
 * a wish that the others know already is not carried out twice.
 */
export class GiveBack {
  readonly #options: GiveBackOptions
  #stop: () => void = () => undefined
  #work: Promise<void> = Promise.resolve()
  #isBusy = false
  #stranded = 0
  #alone = 0
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
    const { host } = this.#options
    if (!(await host.read((core) => core.isCaughtUp))) {
      this.#stranded = (await host.read((core) => core.isStranded)) ? this.#stranded + 1 : 0
      if (this.#stranded > 0) await this.#strand()
      this.#alone = (await host.read(isAlone)) ? this.#alone + 1 : 0
      if (this.#alone === aloneLooks || this.#alone === aloneLooksOfAny) await this.#isolate()
      return
    }
    const [copy] = await this.#options.copies()
    if (copy === undefined) {
      this.#stop()
      this.#options.done()
      return
    }
    const aside = await this.#options.open(copy)
    try {
      await this.#giveBack(aside, copy)
    } finally {
      await aside.storage.close()
    }
    await aside.discard()
  }

  /**
   * Nobody has a state any more: each of those who had one has started over. The fullest that was set aside by any of them is taken up:
   * of what is only in the states of the others, deletions above all, nobody has the words any more. Where two take up theirs, the logs
   * that differ are forks as before.
   */
  async #strand(): Promise<void> {
    const { host } = this.#options
    if (this.#stranded === 1) await host.tellAside((await this.#fullest())?.updates ?? 0)
    if (this.#stranded < strandedLooks) return
    const isFirst = await host.read((core) => core.isFirstToTakeUp)
    if (!isFirst && this.#stranded < strandedLooksOfAny) return
    this.#stranded = 0
    const fullest = await this.#fullest()
    if (fullest === null || !(await host.read((core) => core.isStranded))) return
    this.#takeUp(fullest)
  }

  /** Nobody is there who could give a state: whoever waited for that would have no mail, for ever where nobody else is left. */
  async #isolate(): Promise<void> {
    const fullest = await this.#fullest()
    if (fullest === null || !(fullest.isOnly || this.#alone >= aloneLooksOfAny)) return
    if (await this.#options.host.read(isAlone)) this.#takeUp(fullest)
  }

  #takeUp(fullest: FullestCopy<OriginId>): void {
    this.#options.logger.warn('nobody has a state: a copy that was set aside is taken up again', { ...fullest })
    this.#stop()
    this.#options.takeUp(fullest.copy)
  }

  async #fullest(): Promise<FullestCopy<OriginId> | null> {
    const { copies, open } = this.#options
    const states = []
    for (const copy of await copies()) {
      const { storage } = await open(copy)
      try {
        states.push({ copy, state: stateOf(await storage.recover()) })
      } finally {
        await storage.close()
      }
    }
    return fullestCopy(states)
  }

  async #giveBack({ storage, forked }: AsideLog, copy: OriginId): Promise<void> {
    const { host, logger } = this.#options
    const { highest, snapshot, suffix } = await storage.recover()
    const aside = stateOf({ snapshot, suffix })
    if (await host.read((core) => isToBeDisowned(core, copy, aside)))
      await this.#issue({ kind: 'disown', machine: copy })
    await this.#disownOtherSide(aside)
    const own = await host.read((core) => core.identity.origin)
    const [found, again]: [Update[], Update[]] = [[], []]
    for (const [origin, last] of highest) {
      if (origin === own) continue
      const batches = await this.#follow(storage, origin)
      if (batches > 0) logger.info('given back from an older copy', { origin, batches })
      const told = origin === forked ? 'forked' : 'not known to be forked'
      const divergence = await host.read(
        ({ state }) => new Divergence(relationOf(aside, state, origin, told), state.held(origin)),
      )
      await this.#compare(storage, origin, last, divergence)
      found.push(...divergence.updates())
      again.push(...divergence.again())
    }
    await this.#mend(storage, new Set(found.map(({ origin, sequence }) => updateId(origin, sequence))))
    const people = await host.read(({ state }) => peopleOnlyIn(aside, state))
    let issued = 0
    for (const wish of people) if ((await this.#issue(wish)) !== null) issued += 1
    const worthwhile = await host.read(({ state }) => worthGivingBack(found, aside, state))
    issued += await this.#reissue(worthwhile, storage, [...highest])
    for (const wish of onceMore(again)) if ((await this.#issue(wish)) !== null) issued += 1
    if (issued > 0) logger.info('issued again from an older copy', { issued })
  }

  /** Those whom one of these has let in are found when it is retired. */
  async #disownOtherSide(aside: GroupState): Promise<void> {
    const disowned = new Set<OriginId>()
    for (;;) {
      const found = await this.#options.host.read(({ state }) => ofOtherSide(state, aside))
      const next = found.find((machine) => !disowned.has(machine))
      if (next === undefined) return
      disowned.add(next)
      await this.#issue({ kind: 'disown', machine: next })
    }
  }

  /** Hands in batches that follow on what is held. Returns how many. */
  async #follow(aside: Log, origin: OriginId): Promise<number> {
    const { host } = this.#options
    const heldNow = (): Promise<Sequence> => host.read((core) => core.state.held(origin))
    let count = 0
    for (let after = await heldNow(); ;) {
      const found = await aside.readBatches(origin, after, limits.chunkBytes)
      const batches = await host.read(({ state }) => asTheyAre(state, found))
      await host.receive(batches)
      const held = await heldNow()
      if (held <= after) return count
      count += batches.length
      after = held
    }
  }

  /** Shows what the copy and this install have of one log, from the last update down, until both have the same. */
  async #compare(aside: Log, origin: OriginId, last: Sequence, divergence: Divergence): Promise<void> {
    for (let top = last; top > 0; top -= sequencesAtOnce) {
      const sequences = sequencesUpTo(top)
      const mine = await aside.readUpdates(origin, sequences)
      const theirs = new Map(
        (await this.#options.storage.readUpdates(origin, sequences)).map((update) => [update.sequence, update.bytes]),
      )
      for (const update of mine.toReversed()) if (divergence.meet(update, theirs.get(update.sequence)) === 'end') return
    }
  }

  /** What nobody has whole any more, the copy may have: but not what is of a fork, where the same name means something else. */
  async #mend(aside: Log, forked: ReadonlySet<UpdateId>): Promise<void> {
    const { host } = this.#options
    const wanted = await host.read((core) =>
      [...core.wanted].map(([origin, sequences]) => [origin, [...sequences]] as const),
    )
    for (const [origin, sequences] of wanted) {
      const own = sequences.filter((sequence) => !forked.has(updateId(origin, sequence)))
      await host.mend(origin, await aside.readUpdates(origin, own))
    }
  }

  async #reissue(updates: readonly Update[], aside: Log, ends: readonly LogEnd[]): Promise<number> {
    if (updates.length === 0) return 0
    const vector = await this.#options.host.read(({ state }) => new Map(state.vector))
    const isHeld = (id: UpdateId): boolean => {
      const { origin, sequence } = splitUpdateId(id)
      return sequence <= (vector.get(origin) ?? 0)
    }
    const reissuing = new Reissuing(updates, isHeld)
    let count = 0
    for (const { id, wish } of reissuing.wishes()) {
      const now = await this.#issue(wish)
      if (now === null) continue
      reissuing.became(id, now)
      count += 1
    }
    const own = new Set(updates.map(({ origin, sequence }) => updateId(origin, sequence)))
    for (const wish of reissuing.marks(await this.#marksElsewhere(aside, ends, reissuing, own)))
      if ((await this.#issue(wish)) !== null) count += 1
    return count
  }

  /** What a wish became, now or before; null when it means nothing any more. */
  async #issue(wish: Reissued | Disowning): Promise<UpdateId | null> {
    try {
      return (await this.#options.host.command(wish)).update
    } catch (error) {
      const isNeedless = error instanceof QuintetError && error.code === 'BAD_REQUEST'
      if (!isNeedless) throw error
      return null
    }
  }

  /** Marks on what is of the fork, in the newest part of each log that has not forked itself: there they mean nothing by now. */
  async #marksElsewhere(
    aside: Log,
    ends: readonly LogEnd[],
    reissuing: Reissuing,
    own: ReadonlySet<UpdateId>,
  ): Promise<readonly Update[]> {
    const found: Update[] = []
    for (const [origin, last] of ends) {
      for (let top = last; top > Math.max(0, last - lookedThrough); top -= sequencesAtOnce) {
        const updates = await aside.readUpdates(origin, sequencesUpTo(top))
        found.push(
          ...updates.filter(
            (update) => reissuing.concerns(update) && !own.has(updateId(update.origin, update.sequence)),
          ),
        )
      }
    }
    return found.sort((left, right) => left.clock - right.clock)
  }
}

/** As many as are read at once. */
const sequencesUpTo = (top: Sequence): readonly Sequence[] => {
  const least = Math.max(1, top - sequencesAtOnce + 1)
  return Array.from({ length: top - least + 1 }, (_, index) => least + index)
}
