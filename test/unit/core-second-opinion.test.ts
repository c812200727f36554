import { describe, expect, test } from 'vitest'
import type { Command, CoreEvent, Effects } from '../../replica/core/effects.ts'
import { maxDriftMs } from '../../replica/core/hybrid-clock.ts'
import type { Identity } from '../../replica/core/membership.ts'
import type { OriginId } from '../../replica/core/model/ids.ts'
import { anyTag, updateId } from '../../replica/core/model/ids.ts'
import type { StateImage } from '../../replica/core/model/image.ts'
import { mailColumns, mailRecords } from '../../replica/core/model/mail-columns.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { Message, VersionVector } from '../../replica/core/model/messages.ts'
import type { Batch, Update } from '../../replica/core/model/updates.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { SecondOpinion } from '../../replica/core/second-opinion.ts'
import { allOf } from '../../replica/core/state-transfer.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { firstHash, makeBatchOf, sign } from '../simulation/sim-codec.ts'
import {
  commandNamed,
  foundedCore,
  give,
  helloOf,
  identity,
  mailTo,
  noonMs,
  person,
  signUp,
  startCore,
  warningsOf,
} from '../support/core-fixture.ts'

const [founder, liar, honest] = [identity(1, 'a'), identity(2, 'b'), identity(3, 'c')]

/** The log of the founder, and the state that it comes to. */
const group = () => {
  const core = foundedCore(['ada'])
  const batches: Batch[] = []
  for (const name of ['one', 'two', 'three'])
    batches.push(...give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], name) }).persist)
  const updates = batches.flatMap((batch) => batch.updates)
  const content = (sequence: number): Update => {
    const found = updates.find((update) => update.sequence === sequence)
    if (found === undefined) throw new Error(`there is no mail ${sequence}`)
    return found
  }
  return { core, content }
}

/** The same with only as many mails. */
const lessMails = (image: StateImage, count: number): StateImage => ({
  ...image,
  mails: mailColumns([...mailRecords(image.mails)].slice(0, count)),
})

class Newcomer {
  readonly core: ReplicaCore
  readonly #from: Identity
  readonly #sent: Effects['send'][number][] = []
  nowMs = noonMs

  /** Which is copying the state of `from`, while `others` are there, too. */
  constructor(row: VersionVector, from: Identity, others: readonly (readonly [Identity, VersionVector])[]) {
    this.core = startCore(identity(5, 'e'))
    this.#from = from
    this.meet(from, row)
    this.asksOf(from)
    for (const [who, held] of others) this.meet(who, held)
    expect(this.core.transferringFrom).toBe(from.peer)
  }

  meet(who: Identity, held: VersionVector): void {
    this.step({ kind: 'connected', peer: who.peer }, this.said(who, helloOf(who, new Map([[who.origin, held]]))))
  }

  /** What it asks of `who` can only be had by a state: then it asks for that. */
  asksOf(who: Identity): void {
    for (let round = 0; round < 100 && this.core.transferringFrom === null; round += 1) {
      this.pass(200)
      for (const { to, message } of this.#sent.splice(0))
        if (message.kind === 'request' && to === who.peer)
          this.step(this.said(who, { kind: 'discarded', id: message.id, origin: message.origin }))
    }
  }

  /** These take seats, and name the group as some member has lately. */
  joinsSeats(...others: readonly Identity[]): void {
    for (const { origin, server, peer } of others) {
      const claim = { kind: 'seat', server, peer, machine: 'another', replaces: null } as const
      const name = { kind: 'group', name: 'a new name' } as const
      const drafts = [claim, name].map((change) => ({ clock: noonMs * 2_000, change }))
      this.step({ kind: 'handedIn', batches: [makeBatchOf(origin)(1, firstHash(origin), drafts)] })
    }
  }

  said(who: Identity, message: Message): CoreEvent {
    return { kind: 'message', peer: who.peer, message }
  }

  step(...events: readonly CoreEvent[]): Effects {
    this.nowMs += 1
    const effects = this.core.step(this.nowMs, events)
    this.#sent.push(...effects.send)
    return effects
  }

  pass(forMs: number): readonly Effects[] {
    const all: Effects[] = []
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; this.nowMs += 100) all.push(this.step({ kind: 'tick' }))
    return all
  }

  /** Takes an image of `who`, and gives the mails that are asked for; returns what the last step wants. */
  image(who: Identity, image: StateImage, content: (sequence: number) => Update | null): Effects {
    this.step(this.said(who, { kind: 'stateChunk', image: 1, index: 0, count: 1, chunk: '' }))
    let effects = this.step({ kind: 'imageDecoded', peer: who.peer, image: structuredClone(image) })
    if (effects.findMissing !== null) effects = this.step({ kind: 'mailsMissing', ...allOf(effects.findMissing) })
    for (;;) {
      const asked = effects.send.flatMap(({ to, message }) =>
        to === who.peer && message.kind === 'mailRequest' ? [message] : [],
      )
      if (asked.length === 0) return effects
      for (const { id, origin, sequences } of asked) {
        const updates = sequences.flatMap((sequence) => content(sequence) ?? [])
        effects = this.step(this.said(who, { kind: 'mails', id, origin, covered: sequences.at(-1) ?? 0, updates }))
      }
    }
  }

  takes(image: StateImage, content: (sequence: number) => Update | null): Effects {
    return this.image(this.#from, image, content)
  }
}

const asksState = ({ send }: Effects): readonly string[] =>
  send.flatMap(({ to, message }) => (message.kind === 'stateRequest' ? [to] : []))
const joined = ({ install }: Effects): boolean => install !== null

describe('a state that is copied from another', () => {
  test('is joined at once where nobody else is', () => {
    const { core, content } = group()
    const image = core.state.image()
    const newcomer = new Newcomer(image.vector, founder, [])
    expect(joined(newcomer.takes(image, content))).toBe(true)
    expect(newcomer.core.state.digest()).toBe(core.state.digest())
  })

  test('is joined when another who has seen all of it has nothing to add', () => {
    const { core, content } = group()
    const image = core.state.image()
    const newcomer = new Newcomer(image.vector, liar, [[honest, image.vector]])
    const asked = newcomer.takes(image, content)
    expect(joined(asked)).toBe(false)
    expect(asksState(asked)).toEqual([honest.peer])
    expect(newcomer.core.transferringFrom).toBe(liar.peer)
    expect(joined(newcomer.image(honest, image, () => null))).toBe(true)
    expect(newcomer.core.state.digest()).toBe(core.state.digest())
    expect(newcomer.core.doubtful).toEqual([])
  })

  test('that leaves mails out gets them from the other one, and people are told', () => {
    const { core, content } = group()
    const image = core.state.image()
    const newcomer = new Newcomer(image.vector, liar, [[honest, image.vector]])
    newcomer.takes(lessMails(image, 1), content)
    const effects = newcomer.image(honest, image, content)
    expect(joined(effects)).toBe(true)
    expect(newcomer.core.state.digest()).toBe(core.state.digest())
    expect(newcomer.core.doubtful).toEqual([{ server: liar.server, witness: honest.server, leftOut: 2, gone: 0 }])
    expect(warningsOf(newcomer.core)).toContain('Server 2 gave this machine a mailbox with 2 mails')
  })

  test('is joined after the first who shows all that was left out, and not before somebody has', () => {
    const { core, content } = group()
    const image = core.state.image()
    const last = core.state.held(founder.origin)
    const others = [honest, identity(4, 'd')] as const
    for (const shown of [last, last - 1]) {
      const all = others.map((who) => [who, image.vector] as const)
      const newcomer = new Newcomer(image.vector, liar, all)
      const [asked] = asksState(newcomer.takes(lessMails(image, 1), content))
      const [first, second] = asked === honest.peer ? others : others.toReversed()
      const part = newcomer.image(first, image, (sequence) => (sequence > shown ? null : content(sequence)))
      const steps = [part, ...newcomer.pass(500)]
      expect(steps.some(joined)).toBe(shown === last)
      expect(steps.flatMap(asksState)).toEqual(shown === last ? [] : [second.peer])
      if (shown < last) expect(joined(newcomer.image(second, image, content))).toBe(true)
      expect(newcomer.core.state.digest()).toBe(core.state.digest())
    }
  })

  test('keeps what it says against one who has more and cannot show it', () => {
    const { core, content } = group()
    const image = core.state.image()
    const newcomer = new Newcomer(image.vector, honest, [[liar, image.vector]])
    const lacking = lessMails(image, 2)
    newcomer.takes(lacking, content)
    const other = content(core.state.held(founder.origin) - 1)
    // It shows another mail of that name, and nothing.
    const effects = newcomer.image(liar, image, (sequence) => ({
      ...other,
      sequence,
      change: content(5).change,
      bytes: other.bytes,
    }))
    const state = new GroupState()
    state.join(lacking)
    expect(joined(effects) || newcomer.pass(500).some(joined)).toBe(true)
    expect(newcomer.core.state.digest()).toBe(state.digest())
    expect(newcomer.core.doubtful).toEqual([])
  })

  test('is not taken from who claims what no other one has, as long as there is another one', () => {
    const { core, content } = group()
    const image = core.state.image()
    const ahead = new Map<OriginId, number>([...image.vector, [liar.origin, 1]])
    const newcomer = new Newcomer(ahead, liar, [[honest, image.vector]])
    const hashes = new Map([...image.hashes, [liar.origin, firstHash(liar.origin)] as const])
    newcomer.takes({ ...lessMails(image, 0), vector: ahead, hashes }, content)
    const later = newcomer.pass(6_000)
    expect(later.some(joined)).toBe(false)
    expect(later.flatMap(asksState)).toEqual([honest.peer])
    newcomer.image(honest, image, content)
    // The liar is asked, too, and says nothing.
    expect(newcomer.pass(30_000).some(joined)).toBe(true)
    expect(newcomer.core.state.mails.size).toBe(3)
  })

  test('is taken from who insists, for want of another who has it, and people are told', () => {
    const { core, content } = group()
    const image = core.state.image()
    const ahead = new Map<OriginId, number>([...image.vector, [liar.origin, 1]])
    const hashes = new Map([...image.hashes, [liar.origin, firstHash(liar.origin)] as const])
    const newcomer = new Newcomer(ahead, liar, [[honest, image.vector]])
    newcomer.takes({ ...image, vector: ahead, hashes }, content)
    newcomer.pass(6_000)
    newcomer.image(honest, image, content)
    // The liar says that it has seen all of that, and stays silent.
    newcomer.pass(20_000)
    newcomer.asksOf(liar)
    newcomer.takes({ ...image, vector: ahead, hashes }, content)
    expect(newcomer.pass(6_000).some(joined)).toBe(true)
    expect(newcomer.core.state.held(liar.origin)).toBe(1)
    expect(warningsOf(newcomer.core)).toContain('no other server could confirm')
  })

  test('is taken from who insists, and people are told how much of what was here is gone by it', () => {
    const { core, content } = group()
    const image = core.state.image()
    const newcomer = new Newcomer(image.vector, honest, [])
    newcomer.takes(image, content)
    newcomer.joinsSeats(liar, honest)
    const ahead = new Map<OriginId, number>([...newcomer.core.state.vector, [liar.origin, 3]])
    const hashes = new Map([...newcomer.core.state.hashes, [liar.origin, firstHash(liar.origin)] as const])
    const signatures = new Map([[liar.origin, new Uint8Array(64)]])
    const lie = { ...lessMails(newcomer.core.state.image(), 1), vector: ahead, hashes, signatures, checkpoints: [] }
    newcomer.meet(liar, ahead)
    for (const passedMs of [25_000, 6_000]) {
      expect(newcomer.core.state.mails.size).toBe(3)
      newcomer.asksOf(liar)
      expect(newcomer.core.transferringFrom).toBe(liar.peer)
      newcomer.image(liar, lie, content)
      // The honest one, which is asked for its state instead, stays silent.
      newcomer.pass(passedMs)
    }
    expect(newcomer.core.state.mails.size).toBe(1)
    expect(warningsOf(newcomer.core)).toContain('By its word 2 mails, posts or drafts are gone that were here')
  })

  test('is joined by a newcomer that knows of others who are not here', () => {
    const { core, content } = group()
    const image = core.state.image()
    const newcomer = new Newcomer(image.vector, founder, [])
    newcomer.joinsSeats(liar, honest)
    expect(newcomer.core.state.seats.group).not.toBeNull()
    expect(joined(newcomer.takes(image, content))).toBe(true)
    expect(newcomer.core.state.mails.size).toBe(3)
  })

  test('does not say by what clock the machine that copies it goes on', () => {
    const { core, content } = group()
    const image = core.state.image()
    const newcomer = new Newcomer(image.vector, founder, [])
    const { origin, server } = newcomer.core.identity
    const claim = { kind: 'claim', server, machine: 'e', replaces: null } as const
    newcomer.step({ kind: 'command', ticket: 1, command: claim })
    const [end] = newcomer.core.state.hashes.values()
    const lie = {
      ...image,
      vector: new Map([...image.vector, [origin, 1]]),
      hashes: new Map([...image.hashes, [origin, end!]]),
      clocks: new Map([...image.clocks, [origin, limits.lastClock]]),
      checkpoints: [],
    }
    expect(joined(newcomer.takes(lie, content))).toBe(true)
    const mail = mailTo('ada', ['ada'], 'written then')
    const { persist } = newcomer.step({ kind: 'command', ticket: 2, command: { kind: 'submit', signed: mail } })
    const [written] = persist.flatMap(({ updates }) => updates)
    expect(written?.clock).toBeLessThanOrEqual((newcomer.nowMs + maxDriftMs) * 1_000)
  })

  test('is confirmed each time', () => {
    const { core } = group()
    const image = core.state.image()
    const opinion = new SecondOpinion(identity(5, 'e'), new GroupState())
    const witness = { ...honest, row: image.vector }
    const kinds: (string | undefined)[] = []
    for (const nowMs of [noonMs, noonMs + 60_000]) {
      opinion.begin(nowMs, image, liar)
      kinds.push(opinion.verdict(nowMs, [witness])?.kind)
      opinion.chunk(nowMs, honest.peer, { kind: 'stateChunk', image: 1, index: 0, count: 1, chunk: '' })
      const missing = opinion.decoded(nowMs, honest.peer, image)
      kinds.push(opinion.verdict(nowMs, [witness])?.kind)
      expect(missing).toEqual([])
    }
    expect(kinds).toEqual(['ask', 'join', 'ask', 'join'])
  })

  test('waits for another one where there is a state that could be spoilt', () => {
    const { core, content } = group()
    const image = core.state.image()
    const newcomer = new Newcomer(image.vector, founder, [])
    newcomer.takes(image, content)
    newcomer.joinsSeats(liar, honest)
    newcomer.step({ kind: 'disconnected', peer: founder.peer })
    const ahead = new Map<OriginId, number>([...newcomer.core.state.vector, [liar.origin, 3]])
    const hashes = new Map([...newcomer.core.state.hashes, [liar.origin, firstHash(liar.origin)] as const])
    newcomer.meet(liar, ahead)
    newcomer.asksOf(liar)
    const signatures = new Map([[liar.origin, new Uint8Array(64)]])
    const lie = { ...lessMails(newcomer.core.state.image(), 0), vector: ahead, hashes, signatures, checkpoints: [] }
    newcomer.image(liar, lie, content)
    expect(newcomer.pass(30_000).some(joined)).toBe(false)
    expect(newcomer.core.transferringFrom).toBe(null)
    expect(newcomer.core.state.mails.size).toBe(3)
  })
})

describe('accounts and marks that the one knows who confirms a state', () => {
  const star = (sequence: number): Command => {
    const mails = [updateId(founder.origin, sequence)]
    const command = `star ${sequence}`
    const change = { kind: 'marks', mark: 'star', mails, tags: [anyTag], account: person('ada') } as const
    return { kind: 'submit', signed: sign({ ...change, command: commandNamed(command) }, command) }
  }

  /** Ada has set a star; the liar leaves it out. Since then she has set another one, and bob has signed up. */
  const starred = () => {
    const { core, content } = group()
    const last = core.state.held(founder.origin)
    give(core, star(last))
    const honestImage = core.state.image()
    const withStar = core.state.digest()
    const [later] = give(core, star(last - 1), { kind: 'submit', signed: signUp('bob') }).persist
    if (later === undefined) throw new Error('both are in one batch')
    const witness = core.state.image()
    const newcomer = new Newcomer(honestImage.vector, liar, [[honest, witness.vector]])
    newcomer.takes({ ...honestImage, marks: [] }, content)
    const comes = (batch: Batch): Effects => newcomer.step({ kind: 'handedIn', batches: [batch] })
    return { core, newcomer, comes, honestImage, withStar, later, witness }
  }

  const digestOf = (image: StateImage, ...batches: readonly Batch[]): string => {
    const state = new GroupState()
    state.join(structuredClone(image))
    for (const batch of batches) state.applyBatch(batch)
    return state.digest()
  }

  test('are there at once when it has seen no more', () => {
    const { newcomer, honestImage, withStar } = starred()
    const { install } = newcomer.image(honest, honestImage, () => null)
    expect(newcomer.core.state.digest()).toBe(withStar)
    expect(install && digestOf(install.image)).toBe(withStar)
  })

  test('are there when all has come that it has seen, and are kept then', () => {
    const { core, newcomer, comes, honestImage, later, witness } = starred()
    expect(joined(newcomer.image(honest, witness, () => null))).toBe(true)
    expect(newcomer.core.state.digest()).toBe(digestOf({ ...honestImage, marks: [] }))
    const { persist, install, notify } = comes(later)
    expect(persist).toEqual([later])
    expect(newcomer.core.state.digest()).toBe(core.state.digest())
    expect(install && digestOf(install.image)).toBe(core.state.digest())
    expect(notify).toContainEqual({ kind: 'mailbox', account: person('ada') })
  })

  test('are not when the log that it has seen is given up for another one', () => {
    const { newcomer, comes, honestImage, later, witness } = starred()
    newcomer.image(honest, witness, () => null)
    const drafts = ['carol', 'dora'].map((name) => ({ clock: noonMs * 2_000, change: signUp(name) }))
    const another = makeBatchOf(founder.origin)(later.first, later.previousHash, drafts)
    expect(comes(another).install).toBeNull()
    expect(newcomer.core.state.digest()).toBe(digestOf({ ...honestImage, marks: [] }, another))
  })
})
