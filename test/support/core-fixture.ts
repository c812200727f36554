import type { Command } from '../../replica/core/effects.ts'
import type { Identity } from '../../replica/core/membership.ts'
import type { AccountId, CommandId, OriginId, Tag, UpdateId } from '../../replica/core/model/ids.ts'
import {
  accountId,
  anyTag,
  commandId,
  inviteId,
  originId,
  peerId,
  serverId,
  tagOf,
} from '../../replica/core/model/ids.ts'
import type { HelloMessage, KnowledgeRows } from '../../replica/core/model/messages.ts'
import type { Batch, Draft, PersonChange, SignedChange } from '../../replica/core/model/updates.ts'
import type { RecoveredState } from '../../replica/core/replica-core.ts'
import { ReplicaCore } from '../../replica/core/replica-core.ts'
import { warnings } from '../../replica/host/warnings.ts'
import { firstHash, makeBatchOf, sign } from '../simulation/sim-codec.ts'

/** A moment at which nothing is special, in milliseconds since 1970. */
export const noonMs = 1_700_000_000_000

const text = (name: string, bytes: number): string =>
  Buffer.from(name.padEnd(bytes, '.')).subarray(0, bytes).toString('base64url')

export const person = (name: string): AccountId => accountId(text(name, 32))
export const commandNamed = (name: string): CommandId => commandId(text(name, 12))
export const inviteNamed = (name: string) => inviteId(text(name, 32))

export const identity = (server: number, letter: string): Identity => ({
  origin: originId(`${server}.${letter.repeat(8)}`),
  server: serverId(server),
  peer: peerId(`peer ${letter}`),
  admission: null,
  vouchers: [],
})

const base32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** One of as many origins as one likes, that no machine has. */
export const madeUpOrigin = (server: number, number: number): OriginId => {
  const digits = Array.from({ length: 8 }, (_, place) => base32[Math.floor(number / 32 ** (7 - place)) % 32])
  return originId(`${server}.${digits.join('')}`)
}

export const signUp = (name: string, command = `sign up ${name}`): SignedChange =>
  signed(
    { kind: 'account', account: person(name), name, sealKey: new Uint8Array(32), sealedKeys: new Uint8Array(1) },
    command,
  )

export const mailTo = (from: string, to: readonly string[], command: string): SignedChange =>
  signed({ kind: 'mail', account: person(from), to: to.map(person), conversation: null }, command)

/** Of the mail that `mailCommand` sent; left out, of any by that name. */
export const deletionOf = (who: string, mail: UpdateId, command: string, mailCommand?: string): SignedChange =>
  signed({ kind: 'deletion', account: person(who), mail, tag: tagNamed(mailCommand) }, command)

export const tagNamed = (command?: string): Tag => (command === undefined ? anyTag : tagOf(commandNamed(command)))

type Unnamed<Change> = Change extends PersonChange ? Omit<Change, 'command'> : never

const signed = (change: Unnamed<PersonChange>, command: string): SignedChange =>
  sign({ ...change, command: commandNamed(command) }, command)

const nothing: RecoveredState = { image: null, suffix: [], highest: new Map() }

export const startCore = (who: Identity, recovered: RecoveredState = nothing): ReplicaCore =>
  new ReplicaCore(who, { makeBatch: makeBatchOf(who.origin), firstHash, originOf }, recovered)

/** As `identity` has it. */
export const originOf = (server: number, peer: string): OriginId => originId(`${server}.${peer.slice(-1).repeat(8)}`)

/** A group's first replica that has been founded, with these people. */
export const foundedCore = (names: readonly string[] = []): ReplicaCore => {
  const who = identity(1, 'a')
  const core = startCore(who)
  give(core, { kind: 'found', groupName: 'the group', server: who.server, machine: 'machine a' })
  for (const name of names) give(core, { kind: 'submit', signed: signUp(name) })
  return core
}

/** Gives commands in one step. The tickets are their places. */
export const give = (core: ReplicaCore, ...commands: readonly Command[]) =>
  core.step(
    noonMs,
    commands.map((command, ticket) => ({ kind: 'command', ticket, command })),
  )

/** A log of one batch an update. */
export const logOf = (origin: OriginId, changes: readonly Draft['change'][], clock: number): readonly Batch[] => {
  const make = makeBatchOf(origin)
  let hash = firstHash(origin)
  return changes.map((change, index) => {
    const batch = make(index + 1, hash, [{ clock: clock + index, change }])
    hash = batch.lastHash
    return batch
  })
}

export const helloOf = ({ origin, server }: Identity, rows: KnowledgeRows = new Map()): HelloMessage => ({
  kind: 'hello',
  origin,
  server,
  clock: 1,
  rows,
  admission: null,
  vouchers: [],
  addresses: new Map(),
  keyMadeAt: 0,
  end: null,
})

/** The other one connects and greets. */
export const greet = (core: ReplicaCore, who: Identity, rows: KnowledgeRows = new Map()) =>
  core.step(noonMs, [
    { kind: 'connected', peer: who.peer },
    { kind: 'message', peer: who.peer, message: helloOf(who, rows) },
  ])

/** What people are told at it, as one text. */
export const warningsOf = (core: ReplicaCore): string =>
  warnings(core, { diskFull: false, troubles: [] }, noonMs)
    .map(({ sentence }) => sentence)
    .join()

/** Members with seats 2, 3 ... are here, by whose clocks it is these times. */
export const withMembers = (core: ReplicaCore, ...clocksMs: readonly number[]): void => {
  for (const [index, clockMs] of clocksMs.entries()) {
    const other = identity(index + 2, 'bcd'.charAt(index))
    const { origin, server, peer } = other
    const seat = { kind: 'seat', server, peer, machine: 'another', replaces: null } as const
    const batches = [makeBatchOf(origin)(1, firstHash(origin), [{ clock: 1, change: seat }])]
    core.step(noonMs, [{ kind: 'handedIn', batches }])
    greet(core, other)
    core.step(noonMs, [{ kind: 'message', peer, message: { ...helloOf(other), clock: clockMs * 1_000 } }])
  }
}
