import { afterEach, describe, expect, test, vi } from 'vitest'
import { succeed } from '../../replica/core/model/errors.ts'
import { type AccountId, type OriginId, peerId, serverId, updateId } from '../../replica/core/model/ids.ts'
import { markBits } from '../../replica/core/model/image.ts'
import type { MailRecord } from '../../replica/core/model/mail-columns.ts'
import type { Message, VersionVector } from '../../replica/core/model/messages.ts'
import { folderNames } from '../../replica/core/state/mail-folders.ts'
import type { Batch, Update } from '../../replica/core/model/updates.ts'
import { commandNamed, deletionOf, madeUpOrigin } from '../support/core-fixture.ts'
import { Audit } from './audit.ts'
import * as checks from './checks.ts'
import { converged, isConverged } from './convergence.ts'
import { live } from './history.ts'
import { Promises } from './promises.ts'
import { Random } from './random.ts'
import { chooseSettings } from './settings.ts'
import { firstHash, sign } from './sim-codec.ts'
import { Violation } from './violation.ts'
import { World } from './world.ts'

const healLimitMs = 60_000
const seedsTried = 40

/** Which check finds something; null: none does. */
const found = (look: () => void): string | null => {
  try {
    look()
    return null
  } catch (error) {
    if (error instanceof Violation) return error.check
    throw error
  }
}

/** The end of the first history from this seed on that has what is looked for, whatever the seeds make of the present code. */
const endOf = <Scene extends object>(first: number, look: (world: World) => Scene | null): Scene => {
  for (let seed = first; seed < first + seedsTried; seed += 1) {
    const random = new Random(seed)
    const world = new World(random, chooseSettings(random, 'ordinary'), 'last', 'ordinary')
    live(world, healLimitMs)
    world.timeline.run(world.timeline.nowMs + healLimitMs, () => isConverged(world))
    const scene = look(world)
    if (scene !== null && found(() => converged(world)) === null) return scene
  }
  throw new Error('no history has what is looked for')
}

/** Two machines, and a mail that both hold and that somebody has marked. */
const sceneOf = (world: World) => {
  const [machine, other] = world.lasting()
  if (machine === undefined || other === undefined || other.disk.olderSnapshot === null) return null
  const { mails } = machine.core.state
  const isSuitable = ({ origin, sequence, marks }: MailRecord): boolean =>
    marks.some((bits) => bits !== 0) && world.ledger.heldBy(machine).has(updateId(origin, sequence))
  const mail = mails.records().find((record) => isSuitable(record) && world.ledger.acknowledged.has(idOf(record)))
  const update = mail === undefined ? null : machine.disk.readUpdate(mail.origin, mail.sequence)
  const own = update?.change.kind === 'mail' ? world.ledger.updates.get(idOf(update)) : undefined
  if (mail === undefined || update === null || own === undefined) return null
  return { world, machine, other, mail, update, id: idOf(mail) }
}

const idOf = ({ origin, sequence }: Pick<Update, 'origin' | 'sequence'>) => updateId(origin, sequence)

/** One further than what is held. */
const beyond = (vector: VersionVector, origin: OriginId): number => (vector.get(origin) ?? 0) + 1

afterEach(() => {
  vi.restoreAllMocks()
})

describe('in a history where all went well the checks find', () => {
  const { world, machine, other, mail, update, id } = endOf(15, sceneOf)
  const { core, disk } = machine
  const { mails } = core.state
  const { origin: own } = machine.identity

  const sends = (message: Message): string | null => found(() => checks.sent(machine, other.peer, message))
  const batchOf = (next: Update): Batch => {
    const { origin, sequence, bytes } = next
    const ends = { previousHash: firstHash(origin), lastHash: firstHash(origin) }
    return { ...ends, origin, first: sequence, last: sequence, updates: [next], bytes }
  }
  const appends = (next: Update): string | null =>
    found(() => checks.durable(machine, { kind: 'append', batches: [batchOf(next)] }))
  const next = (origin: OriginId, clock: number): Update => ({
    ...update,
    origin,
    sequence: beyond(disk.durable, origin),
    clock,
  })
  const look = (): string | null => found(() => machine.audit.lookNow(machine))
  const looksAtAll = (): string | null => found(() => converged(world))

  test('nothing', () => {
    expect([looksAtAll(), look(), sends({ kind: 'batches', id: 1, batches: [batchOf(update)] })]).toEqual([
      null,
      null,
      null,
    ])
  })

  test('another content under a name that is given', () => {
    const changed = { ...update, bytes: update.bytes.map((byte) => byte ^ 1) }
    const { origin, sequence: covered } = update
    expect(sends({ kind: 'mails', id: 1, origin, covered, updates: [changed] })).toBe('one content')
    expect(sends({ kind: 'batches', id: 1, batches: [batchOf(changed)] })).toBe('one content')
    expect(found(() => checks.durable(machine, { kind: 'store', origin, updates: [changed] }))).toBe('one content')
  })

  test('clocks that go back, and one command that is carried out twice', () => {
    const { origin } = other.identity
    expect(appends(next(origin, 1))).toBe('clock')
    expect(appends(next(own, 1))).toBe('answer after question')
    const [again] = [...world.ledger.updates.values()].filter(
      ({ change, ...of }) => of.origin === origin && 'command' in change && change.kind === 'mail',
    )
    if (again === undefined) throw new Error('the other one has sent a mail')
    expect(appends({ ...again, sequence: beyond(disk.durable, origin), clock: core.state.newestClock * 2 })).toBe(
      'executed once',
    )
  })

  test('one mail that is shown by two names', () => {
    const twice = { ...mail, sequence: mail.sequence + 1_000_000 }
    world.ledger.updates.set(idOf(twice), { ...update, sequence: twice.sequence })
    vi.spyOn(mails, 'records').mockReturnValue([...mails.records(), twice])
    expect(found(() => checks.shownOnce(machine))).toBe('executed once')
    world.ledger.updates.delete(idOf(twice))
  })

  test('what is told, sent, answered or given before it is durable', () => {
    const ahead = beyond(disk.durable, own)
    const knowledge = { kind: 'knowledge', clock: 1, hashes: new Map(), sessions: [] } as const
    const says = (of: OriginId): string | null =>
      sends({ ...knowledge, rows: new Map([[of, new Map([[own, ahead]])]]) })
    expect([says(own), says(madeUpOrigin(1, 1))]).toEqual(['over-claim', 'over-claim'])
    const early = batchOf(next(own, 1))
    expect(sends({ kind: 'batches', id: 1, batches: [early] })).toBe('durable before sent')
    expect(found(() => checks.published(machine, [early]))).toBe('durable before sent')
    const image = { ...core.state.image(), vector: new Map([[own, ahead]]) }
    expect(found(() => checks.imageTaken(machine, image))).toBe('durable before sent')
    const answer = { update: updateId(own, ahead), clock: 1, server: null, batch: null }
    expect(found(() => checks.answered(machine, succeed(answer)))).toBe('durable before answered')
  })

  test('requests and answers that are refused where they come in', () => {
    const { origin } = update
    expect(sends({ kind: 'mailRequest', id: 1, origin, sequences: [2, 1] })).toBe('malformed')
    expect(sends({ kind: 'mailRequest', id: 1, origin, sequences: [1, 1] })).toBe('malformed')
    expect(sends({ kind: 'mails', id: 1, origin, covered: 9, updates: [update, update] })).toBe('malformed')
  })

  test('a log that is discarded too soon', () => {
    const floor = new Map([[own, 1]])
    expect(found(() => checks.compacting(machine, new Map([[own, beyond(other.disk.durable, own)]])))).toBe(
      'stable before discarded',
    )
    vi.spyOn(disk, 'olderSnapshot', 'get').mockReturnValue(null)
    expect(found(() => checks.compacting(machine, floor))).toBe('snapshot before discarded')
    vi.spyOn(disk, 'olderSnapshot', 'get').mockReturnValue(new Map())
    expect(found(() => checks.compacting(machine, floor))).toBe('snapshot before discarded')
  })

  test('a mail that is discarded before its deletion, or that of an account, is durable', () => {
    const deletes = [deletionOf('ada', id, 'deletion'), leaves(mail.from)]
    for (const { change } of deletes) {
      expect(found(() => checks.discarded(machine, mail.origin, mail.sequence))).toBe(null)
      vi.spyOn(machine, 'notYetDurable', 'get').mockReturnValue([{ ...update, change }])
      expect(found(() => checks.discarded(machine, mail.origin, mail.sequence))).toBe('durable before discarded')
      vi.restoreAllMocks()
    }
  })

  test('a snapshot that cannot be read, and a start that gives another state', () => {
    const snapshot = { vector: new Map(), chunks: [new Uint8Array(3)] } as never
    expect(found(() => checks.durable(machine, { kind: 'snapshot', snapshot }))).toBe('image')
    expect(found(() => checks.sameAfterRestart(machine, 'another'))).toBe('recovery')
  })

  test('something that was left out of a state', () => {
    const opinion = { server: serverId(1), witness: serverId(2) }
    expect(found(() => checks.confirmed(machine, { ...opinion, leftOut: 1, gone: 0 }))).toBe('left out')
    expect(found(() => checks.confirmed(machine, { ...opinion, leftOut: 0, gone: 0 }))).toBe(null)
    expect(found(() => checks.installed(machine, { notify: [] } as never))).toBe('left out')
  })

  test('a mail, or its content, that is lost', () => {
    const starts = (): string | null => found(() => checks.recovered(machine, []))
    expect([starts(), found(() => checks.notLost(machine, id))]).toEqual([null, null])
    vi.spyOn(core, 'isLive').mockReturnValue(false)
    expect([found(() => checks.notLost(machine, id)), starts(), looksAtAll()]).toEqual(Array(3).fill('mail lost'))
    vi.restoreAllMocks()
    vi.spyOn(disk, 'holds').mockReturnValue(false)
    expect([found(() => checks.notLost(machine, id)), starts()]).toEqual(['content lost', 'content lost'])
    expect([look(), looksAtAll()]).toEqual(['content of live mail', 'content of live mail'])
  })

  test('a mark that is forgotten, and a deleted mail that is back', () => {
    const records = mails.records()
    const shows = vi.spyOn(mails, 'records')
    shows.mockReturnValue(records.map((record) => ({ ...record, marks: record.marks.map(() => 0) })))
    expect(look()).toBe('mark stays')
    const finds = vi.spyOn(mails, 'find').mockReturnValue(undefined)
    shows.mockReturnValue(records.filter((record) => idOf(record) !== id))
    expect(look()).toBe(null)
    finds.mockRestore()
    shows.mockReturnValue(records)
    expect(look()).toBe('deleted stays deleted')
    machine.audit = new Audit()
  })

  test('a view that is not of those who are here, and silence towards them', () => {
    expect(found(() => checks.settled(machine))).toBe(null)
    vi.spyOn(core, 'view', 'get').mockReturnValue({ number: 99, servers: [machine.seat] })
    expect(found(() => checks.settled(machine))).toBe('view')
    vi.restoreAllMocks()
    machine.heartbeat.look(machine)
    vi.spyOn(machine, 'writtenMs', 'get').mockReturnValue(machine.writtenMs - 60_000)
    expect(found(() => machine.heartbeat.look(machine))).toBe('heartbeat')
  })

  test('states that differ from each other, or from what the updates come to', () => {
    vi.spyOn(other.core.state, 'digest').mockReturnValue('another')
    expect(looksAtAll()).toBe('convergence')
    vi.restoreAllMocks()
    const image = core.state.image()
    vi.spyOn(core.state, 'image').mockReturnValue({ ...image, follows: [], accounts: [] })
    expect(looksAtAll()).toBe('model')
  })

  test('folders that are out of order, or count what is unread wrongly', () => {
    const box = mails.mailbox(mail.from)
    const [folder] = folderNames.filter((name) => box.index(name).size > 1)
    if (folder === undefined) throw new Error('nobody has two mails in a folder')
    const index = box.index(folder)
    vi.spyOn(index, 'page').mockReturnValue([...index.page(index.size, null)].reverse())
    expect(looksAtAll()).toBe('mailbox')
    vi.restoreAllMocks()
    vi.spyOn(box, 'unread').mockReturnValue(-1)
    expect(looksAtAll()).toBe('mailbox')
  })

  test('messages without end, and a seat that is given to two', () => {
    vi.spyOn(world.timeline, 'run').mockImplementation(() => void world.sent.set(machine, 1_001))
    expect(found(() => checks.littleWork(world))).toBe('work')
    const promises = new Promises(world)
    const gives = (letter: string) => found(() => promises.given(machine, peerId(`peer ${letter}`), serverId(5)))
    expect(['x', 'x', 'y'].map(gives)).toEqual([null, null, 'promised seat'])
  })
})

describe('in a history with old copies the checks find', () => {
  /** A mail of a machine that nobody has deleted a copy of, and no copy was restored there. */
  const { world, machine, mail, update } = endOf(13, (world) => {
    if (world.restored.size === 0) return null
    const machine = world.lasting().find(({ identity }) => !world.restored.has(identity.origin))
    const [mail] = machine?.core.state.mails.records().filter(({ origin }) => origin === machine.identity.origin) ?? []
    const update = mail && world.ledger.updates.get(idOf(mail))
    const isWhole = mail?.marks.every((bits) => (bits & markBits.deleted) === 0)
    if (machine === undefined || mail === undefined || update?.change.kind !== 'mail' || isWhole !== true) return null
    return { world, machine, mail, update }
  })
  const { mails } = machine.core.state

  test('a wish that is lost, by whatever name', () => {
    const records = mails.records().filter((record) => idOf(record) !== idOf(mail))
    vi.spyOn(mails, 'records').mockReturnValue(records)
    expect(found(() => converged(world))).toBe('mail lost')
  })

  test('a mail that its owner has deleted, and a copy that its owner has not', () => {
    const account = mail.from
    const change = { ...deletionOf('ada', idOf(mail), 'deletion').change, account }
    vi.spyOn(world.ledger, 'takenBy').mockReturnValue([{ ...update, change }])
    expect(found(() => converged(world))).toBe('deleted stays deleted')
    vi.restoreAllMocks()
    vi.spyOn(mails, 'isOwnedBy').mockReturnValue(false)
    expect(found(() => converged(world))).toBe('deleted by nobody')
  })
})

const leaves = (account: AccountId) =>
  sign({ kind: 'accountDeletion', account, command: commandNamed('leaves') }, 'leaves')
