import { describe, expect, test } from 'vitest'
import type { Hash } from '../../replica/core/model/ids.ts'
import { hashPrefix } from '../../replica/core/model/ids.ts'
import type { StateImage } from '../../replica/core/model/image.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { Message, VersionVector } from '../../replica/core/model/messages.ts'
import type { SignedEnd } from '../../replica/core/model/proofs.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { allOf } from '../../replica/core/state-transfer.ts'
import { forkedIn, LogChains } from '../../replica/core/state/log-chains.ts'
import { makeBatchOf } from '../simulation/sim-codec.ts'
import { foundedCore, give, greet, mailTo, noonMs, signUp } from '../support/core-fixture.ts'
import {
  afterTheFounder,
  another,
  author,
  authorsLog,
  claimOf,
  endOf,
  meeting,
  member,
  otherLog,
  says,
} from '../support/fork-fixture.ts'

/** What is held of the log of the author alone. */
const logs = (
  vector: ReadonlyMap<typeof author.origin, number>,
  end: Hash,
  chains = new LogChains(),
): Parameters<typeof forkedIn>[1] => ({ vector, hashes: new Map([[author.origin, end]]), chains })

const [, second, third] = authorsLog()
const forked = { kind: 'forked', origin: author.origin }
/** Shows where the log ends that is held here. */
const shown = {
  to: member.peer,
  message: expect.objectContaining({ kind: 'fork', origin: author.origin }) as unknown,
  urgency: 'ordinary',
}

describe('of two that hold a log differently whose author is away', () => {
  const { origin } = author

  test('neither starts over while the shorter is the beginning of the longer', () => {
    const { notify, send } = meeting(1, 'has a state').tells(2, second.lastHash)
    expect(notify).not.toContainEqual(forked)
    expect(send).not.toContainEqual(shown)
  })

  test('neither starts over at the word of the other, who is shown what is held here', () => {
    const { core, tells } = meeting(1, 'has a state')
    const { notify, send } = tells(2, otherLog)
    expect(notify).not.toContainEqual(forked)
    expect(send).toContainEqual(shown)
    expect(says(core, { kind: 'fork', origin, end: null }).notify).not.toContainEqual(forked)
    expect(says(core, { kind: 'fork', origin, end: endOf(author, 2, second.lastHash) }).notify).not.toContainEqual(
      forked,
    )
    expect(core.hindrance).toBe(null)
  })

  test('who took its seat later starts over when the author has signed what is not in its log, though it holds more', () => {
    const { core, tells } = meeting(1, 'has a state')
    // The member claims to have been there before the founder, whose log it therefore need not have.
    tells(2, otherLog)
    expect(says(core, { kind: 'fork', origin, end: endOf(author, 2, otherLog) }).notify).toContainEqual(forked)
    expect(core.hindrance).toBe('forked')
  })

  test('who took its seat earlier keeps its state, whatever is shown', () => {
    const { core, tells } = meeting(afterTheFounder, 'has a state')
    const { notify, send } = tells(2, otherLog)
    expect(notify).not.toContainEqual(forked)
    expect(send).toContainEqual(shown)
    expect(says(core, { kind: 'fork', origin, end: endOf(author, 2, otherLog) }).notify).not.toContainEqual(forked)
    expect(core.hindrance).toBe(null)
  })

  /** Who yields to the member, an elder one; somebody who is elder still is here, and says that its copy of the log ends so. */
  const betweenTwo = (elderEnd: Hash) => {
    const { core } = meeting(2, 'has a state')
    core.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(another, 1)] }])
    const row = (who: typeof another): VersionVector =>
      new Map([
        [another.origin, 1],
        [member.origin, 1],
        [core.identity.origin, 1],
        [origin, who === another ? 3 : 2],
      ])
    const knows = (who: typeof another, end: Hash): Message => {
      const rows = new Map([[who.origin, row(who)]])
      return { kind: 'knowledge', clock: 1, rows, hashes: new Map([[origin, end]]), sessions: [] }
    }
    greet(core, another, new Map([[another.origin, row(another)]]))
    core.step(noonMs, [{ kind: 'message', peer: another.peer, message: knows(another, elderEnd) }])
    says(core, knows(member, otherLog))
    const shows = (atMs = 0) => {
      const message: Message = { kind: 'fork', origin, end: endOf(author, 2, otherLog) }
      return core.step(noonMs + atMs, [{ kind: 'message', peer: member.peer, message }]).notify
    }
    return { core, shows }
  }

  test('nobody yields to one that has to yield itself, to somebody who is here and holds the same log', () => {
    const { core, shows } = betweenTwo(third.lastHash)
    expect(shows()).not.toContainEqual(forked)
    core.step(noonMs, [{ kind: 'disconnected', peer: another.peer }])
    expect(shows()).toContainEqual(forked)
  })

  test('but for half a minute only, because who says that it holds the same log may lie', () => {
    const { shows } = betweenTwo(third.lastHash)
    for (const atMs of [0, 10_000, 29_000]) expect(shows(atMs)).not.toContainEqual(forked)
    expect(shows(30_000)).toContainEqual(forked)
  })

  test('but one yields where that one holds yet another log', () => {
    expect(betweenTwo(otherLog).shows()).toContainEqual(forked)
  })

  test('nobody gives up a state for one that has none yet', () => {
    const { core, tells } = meeting(afterTheFounder, 'has no state')
    tells(2, otherLog)
    const { origin: own } = core.identity
    const { notify } = says(core, { kind: 'fork', origin: own, end: endOf(core.identity, 2, otherLog) })
    expect(notify).not.toContainEqual({ kind: 'forked', origin: own })
  })
})

describe('an install whose own log is said to have forked', () => {
  const withState = () => {
    const { core, tells } = meeting(afterTheFounder, 'has a state')
    tells(2, second.lastHash)
    return { core, own: core.identity.origin }
  }

  test('believes its own signature, whoever shows it', () => {
    const { core, own } = withState()
    const { notify } = says(core, {
      kind: 'fork',
      origin: own,
      end: endOf(core.identity, core.state.held(own), otherLog),
    })
    expect(notify).toContainEqual({ kind: 'forked', origin: own })
  })

  test('does not believe a word, nor a signature under something else', () => {
    const { core, own } = withState()
    for (const end of [null, endOf(author, 2, otherLog)]) {
      expect(says(core, { kind: 'fork', origin: own, end }).notify).not.toContainEqual({ kind: 'forked', origin: own })
    }
    const rows = new Map([[member.origin, new Map([[own, 1]])]])
    const hashes = new Map([[own, otherLog]])
    const { notify } = says(core, { kind: 'knowledge', clock: 1, rows, hashes, sessions: [] })
    expect(notify).not.toContainEqual({ kind: 'forked', origin: own })
    expect(core.hindrance).toBe(null)
  })
})

describe('an install that has written more since its log forked than it remembers the ends of', () => {
  /** Its log, and a core that holds it. */
  const longAfter = () => {
    const core = foundedCore(['ada'])
    core.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(member, afterTheFounder)] }])
    const write = (mail: number) =>
      give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], `mail ${mail}`) }).persist
    const log = Array.from({ length: limits.checkpointsPerOrigin + 10 }, (_, mail) => write(mail)).flat()
    const { origin } = core.identity
    const row = [member.origin, origin].map((of) => [of, 1] as const)
    greet(core, member, new Map([[member.origin, new Map(row)]]))
    const saysFork = (end: SignedEnd, unfitting: Batch | undefined) => {
      const { notify } = says(core, { kind: 'fork', origin, end, ...(unfitting && { unfitting }) })
      return notify.some((notice) => notice.kind === 'forked')
    }
    return { core, log, saysFork }
  }

  test('starts over when it is shown two of its own signatures that contradict each other, and not for one', () => {
    const { core, log, saysFork } = longAfter()
    const [first, second] = log
    const { sequence, hash } = { sequence: first!.first - 1, hash: first!.previousHash }
    expect(saysFork(endOf(core.identity, sequence, otherLog), undefined)).toBe(false)
    expect(saysFork(endOf(core.identity, sequence, hash), first)).toBe(false)
    expect(saysFork(endOf(core.identity, sequence, otherLog), second)).toBe(false)
    expect(saysFork(endOf(core.identity, sequence, otherLog), claimOf(member, afterTheFounder))).toBe(false)
    expect(saysFork(endOf(core.identity, sequence, otherLog), first)).toBe(true)
  })

  test('is shown by whom it has sent what does not follow', () => {
    const { core } = meeting(afterTheFounder, 'has a state')
    const claim = claimOf(member, afterTheFounder)
    const make = makeBatchOf(member.origin)
    const unfitting = make(2, otherLog, [{ clock: afterTheFounder + 9, change: signUp('carl') }])
    const more = new Map([[member.origin, 2]])
    let sent = says(core, {
      kind: 'knowledge',
      clock: 1,
      rows: new Map([[member.origin, more]]),
      hashes: new Map(),
      sessions: [],
    }).send
    for (let nowMs = noonMs; sent.every(({ message }) => message.kind !== 'request'); nowMs += 100)
      sent = core.step(nowMs, [{ kind: 'tick' }]).send
    const [id] = sent.flatMap(({ message }) => (message.kind === 'request' ? [message.id] : []))
    const { send } = says(core, { kind: 'batches', id: id ?? 0, batches: [unfitting] })
    expect(send.map(({ message }) => message)).toContainEqual({
      kind: 'fork',
      origin: member.origin,
      end: core.state.endOf(member.origin),
      unfitting,
    })
    expect(core.state.lastHash(member.origin)).toBe(claim.lastHash)
  })
})

describe('a state that a member sends', () => {
  const { origin } = author

  /** What becomes of an image of which `change` makes what the member sends, where the first two of the author's are held. */
  const taken = (change: (image: StateImage) => StateImage) => {
    const sender = foundedCore(['ada'])
    sender.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(member, afterTheFounder), ...authorsLog()] }])
    const core = foundedCore(['ada'])
    core.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(member, afterTheFounder), ...authorsLog().slice(0, 2)] }])
    const { send } = greet(core, member, new Map([[member.origin, new Map([[origin, 3]])]]))
    const [request] = send.flatMap(({ message }) => (message.kind === 'request' ? [message] : []))
    if (request === undefined) throw new Error('it asks for the log of the author')
    // Without another one, who could confirm it, no state is asked for.
    core.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(another, afterTheFounder)] }])
    greet(core, another, new Map([[another.origin, new Map([[core.identity.origin, 1]])]]))
    says(core, { kind: 'discarded', id: request.id, origin })
    says(core, { kind: 'stateChunk', image: 1, index: 0, count: 1, chunk: '' })
    const image = change(sender.state.image())
    const { findMissing, notify } = core.step(noonMs, [{ kind: 'imageDecoded', peer: member.peer, image }])
    return { core, goesOn: findMissing !== null, notify }
  }

  test('is taken when the authors have signed where the logs end', () => {
    expect(taken((image) => image).goesOn).toBe(true)
  })

  test('is not taken when it says that a log goes on, and nobody has signed that', () => {
    expect(taken((image) => ({ ...image, signatures: new Map() })).goesOn).toBe(false)
  })

  /** As if the author's log had gone another way up to where the author has signed it. */
  const wentElsewhere = (image: StateImage): StateImage => ({
    ...image,
    checkpoints: image.checkpoints.map((one) => (one.origin === origin ? { ...one, prefix: 'A'.repeat(11) } : one)),
  })

  test('makes nobody start over by saying that a log went another way', () => {
    const { core, goesOn, notify } = taken(wentElsewhere)
    expect(goesOn).toBe(false)
    expect(notify).not.toContainEqual(forked)
    expect(core.hindrance).toBe(null)
  })
})

describe('an image of a state', () => {
  const { origin } = author
  const images = (): { readonly longer: StateImage; readonly held: ReadonlyMap<typeof origin, number> } => {
    const core = foundedCore()
    core.step(noonMs, [{ kind: 'handedIn', batches: authorsLog() }])
    return { longer: core.state.image(), held: new Map([[origin, 2]]) }
  }

  test('shows whether what is held of a log is the beginning of the one that it is of', () => {
    const { longer, held } = images()
    expect(forkedIn(longer, logs(held, second.lastHash))).toEqual([])
    expect(forkedIn(longer, logs(held, otherLog))).toEqual([origin])
  })

  test('shows whether it is as far and of the same log, or the beginning of what is held', () => {
    const { longer } = images()
    const end = new Map([[origin, 3]])
    expect(forkedIn(longer, logs(end, third.lastHash))).toEqual([])
    expect(forkedIn(longer, logs(end, otherLog))).toEqual([origin])
    const beyond = new Map([[origin, 4]])
    const chains = new LogChains()
    chains.add(origin, 3, third.lastHash)
    chains.add(origin, 4, otherLog)
    expect(forkedIn(longer, logs(beyond, otherLog, chains))).toEqual([])
    const others = new LogChains()
    others.add(origin, 3, otherLog)
    others.add(origin, 4, otherLog)
    expect(forkedIn(longer, logs(beyond, otherLog, others))).toEqual([origin])
  })

  test('shows nothing of what is beyond it or before all that it knows of', () => {
    const { longer } = images()
    const late = longer.checkpoints.filter(({ sequence }) => sequence > 2)
    expect(forkedIn({ ...longer, checkpoints: late }, logs(new Map([[origin, 2]]), otherLog))).toEqual([])
    expect(forkedIn(longer, logs(new Map([[origin, 4]]), otherLog))).toEqual([])
  })

  test('hands what it knows on to whoever takes it', () => {
    const core = foundedCore()
    core.step(noonMs, [{ kind: 'handedIn', batches: authorsLog().slice(0, 2) }])
    core.state.join(images().longer)
    expect(core.state.chains.fit(origin, 2, second.lastHash)).toBe('same')
    expect(core.state.chains.fit(origin, 2, otherLog)).toBe('fork')
    expect(core.state.image().checkpoints.at(-1)).toEqual({ origin, sequence: 3, prefix: hashPrefix(third.lastHash) })
  })
})

describe('where only a state could show that a log went another way, because the rest is discarded', () => {
  const { origin } = author
  const longer = (signed: 'signed' | 'not signed'): StateImage => {
    const sender = foundedCore(['ada'])
    sender.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(member, 1), ...authorsLog()] }])
    const image = sender.state.image()
    const checkpoints = image.checkpoints.map((one) =>
      one.origin === origin ? { ...one, prefix: 'A'.repeat(11) } : one,
    )
    return { ...image, checkpoints, signatures: signed === 'signed' ? image.signatures : new Map() }
  }
  /** Whether the install starts over when a member that took its seat before it sends this again and again. */
  const startsOver = (image: StateImage, forMs: number, meanwhile: (core: ReplicaCore) => void = () => undefined) => {
    const { core } = meeting(1, 'has a state')
    const own = foundedCore(['ada'])
    own.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(member, 1), ...authorsLog().slice(0, 2)] }])
    greet(own, member, core.matrix.rows())
    for (let atMs = 0; atMs <= forMs; atMs += 1_000) {
      own.step(noonMs + atMs, [{ kind: 'imageDecoded', peer: member.peer, image }])
      if (atMs === forMs / 2) meanwhile(own)
    }
    return own.hindrance === 'forked'
  }

  test('it is believed when nobody brought any of it for a while', () => {
    expect(startsOver(longer('signed'), 19_000)).toBe(false)
    expect(startsOver(longer('signed'), 21_000)).toBe(true)
  })

  test('it is not believed while the log goes on here', () => {
    const goesOn = (core: ReplicaCore): void => {
      const next = makeBatchOf(origin)(3, second.lastHash, [
        { clock: afterTheFounder + 2, change: mailTo('bob', ['ada'], 'another') },
      ])
      core.step(noonMs, [{ kind: 'handedIn', batches: [next] }])
    }
    expect(startsOver(longer('signed'), 24_000, goesOn)).toBe(false)
  })

  test('it is not believed when the author has not signed that there is more', () => {
    expect(startsOver(longer('not signed'), 60_000)).toBe(false)
  })
})

test('a state that was on its way here is not joined when another log than the one that it is of came meanwhile', () => {
  const core = foundedCore(['ada'])
  const sender = foundedCore(['ada'])
  sender.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(member, afterTheFounder), ...authorsLog()] }])
  core.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(member, afterTheFounder)] }])
  const { send } = greet(core, member, new Map([[member.origin, new Map([[author.origin, 3]])]]))
  const [request] = send.flatMap(({ message }) => (message.kind === 'request' ? [message] : []))
  if (request === undefined) throw new Error('it asks for the log of the author')
  const tell = (message: Message) => core.step(noonMs, [{ kind: 'message', peer: member.peer, message }])
  tell({ kind: 'discarded', id: request.id, origin: author.origin })
  expect(tell({ kind: 'stateChunk', image: 1, index: 0, count: 1, chunk: '' }).decodeImage).not.toBe(null)
  const { findMissing } = core.step(noonMs, [{ kind: 'imageDecoded', peer: member.peer, image: sender.state.image() }])
  if (findMissing === null) throw new Error('it looks for the mails of the image')
  const [claim] = authorsLog()
  const make = makeBatchOf(author.origin)
  const other = make(2, claim.lastHash, [{ clock: afterTheFounder + 1, change: signUp('cleo') }])
  const longer = make(3, other.lastHash, [{ clock: afterTheFounder + 2, change: signUp('dora') }])
  core.step(noonMs, [{ kind: 'handedIn', batches: [claim, other, longer] }])
  // It never comes again, so that nobody else is waited for.
  give(core, { kind: 'retire', machine: author.origin })
  const digest = core.state.digest()
  const asked = core
    .step(noonMs, [{ kind: 'mailsMissing', ...allOf(findMissing) }])
    .send.flatMap(({ message }) => (message.kind === 'mailRequest' ? [message] : []))
  const updates = authorsLog().flatMap((batch) => batch.updates.filter(({ change }) => change.kind === 'mail'))
  const answers = asked.map(({ id }) => tell({ kind: 'mails', id, origin: author.origin, covered: 3, updates }))
  expect(answers).toHaveLength(1)
  expect(answers[0]?.install).toBe(null)
  expect(answers[0]?.notify.map((notice) => (notice.kind === 'transfer' ? notice.phase : ''))).toContain('abandoned')
  expect(core.state.digest()).toBe(digest)
})

test('a mail written alone is the end of a batch that others can compare', () => {
  const core = foundedCore(['ada'])
  give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], 'a mail') })
  const { origin } = core.identity
  expect(core.state.image().checkpoints.at(-1)?.sequence).toBe(core.state.held(origin))
})
