import fc from 'fast-check'
import * as v from 'valibot'
import { PassThrough } from 'node:stream'
import { clientRequests } from '../../electron/ipc/client-requests.ts'
import { hostRequests } from '../../electron/ipc/host-requests.ts'
import type { KeptLetter } from '../../replica/client/contract/mailbox.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { decodeDraft, decodeWaiting, encodeDraft, encodeWaiting } from '../../replica/client/letter-codec.ts'
import { decodeBody, decodeHeader, encodeBody, encodeHeader } from '../../replica/client/mail-content.ts'
import { decodeSegment } from '../../replica/client/search/index-file.ts'
import { parseQuery } from '../../replica/client/search/query.ts'
import { errorCodes, type Result } from '../../replica/core/model/errors.ts'
import { commandId, serverId } from '../../replica/core/model/ids.ts'
import { dialable, heardAt } from '../../replica/drivers/libp2p-addresses.ts'
import { decodeLocal, encodeAnswer, encodeQuestion } from '../../replica/drivers/local-messages.ts'
import { byPeer } from '../../replica/drivers/peer-in-address.ts'
import { runJsonTerminal } from '../../replica/terminal/json-terminal.ts'
import { verbs } from '../../replica/terminal/json-verbs.ts'
import { apiVersion, decodeApiFrame, encodeApiMessage } from '../../replica/wire/api-codec.ts'
import { requestShapes } from '../../replica/wire/api-values.ts'
import { peekBatch } from '../../replica/wire/batch-codec.ts'
import { decodeImage } from '../../replica/wire/image-decode.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { decodeInvite, encodeInvite } from '../../replica/wire/invite-codec.ts'
import { decodeJoinRequest, encodeJoinReply, encodeJoinRequest } from '../../replica/wire/join-codec.ts'
import { encodeGossip, encodeMessage } from '../../replica/wire/message-codec.ts'
import { decodeMailPayload, decodePayload, personKindNames, headOf } from '../../replica/wire/payload-codec.ts'
import { signedPartsOf } from '../../replica/wire/signed-parts.ts'
import { verifySubmission } from '../../replica/wire/update-codec.ts'
import { decodeVisitReply, decodeVisitRequest, encodeVisitRequest } from '../../replica/wire/visit-codec.ts'
import * as any from '../property/arbitraries.ts'
import * as joins from '../property/join-arbitraries.ts'
import { stateImage } from '../property/image-arbitraries.ts'
import { clientOf } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

/** A door that bytes from outside come to. `run` gives what became of them, in a word; whatever it throws is a finding. */
export interface FuzzTarget {
  readonly name: string
  /** Inputs that are as they should be, to be changed from there. */
  readonly seeds: () => Promise<readonly Uint8Array[]>
  readonly run: (bytes: Uint8Array) => Promise<string> | string
}

const samples = 12
const sampleSeed = 20_261_121
const sample = <Value>(arbitrary: fc.Arbitrary<Value>, encode: (value: Value) => Uint8Array): Uint8Array[] =>
  fc.sample(arbitrary, { numRuns: samples, seed: sampleSeed }).map(encode)

const textBytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
/** What a limit or a place is does not make another outcome. */
const outcomeOf = (result: Result<unknown>): string =>
  result.ok ? 'ok' : `${result.failure.code} ${result.failure.message.replaceAll(/[\d"'].*/gs, '#').slice(0, 60)}`

const decoder = (
  name: string,
  seeds: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>,
  decode: (bytes: Uint8Array) => Result<unknown> | Promise<Result<unknown>>,
): FuzzTarget => ({
  name,
  seeds: async () => seeds(),
  run: async (bytes) => outcomeOf(await decode(bytes)),
})

const localService = '_quintet-0123456._udp.local'
const localAddress = '/ip4/192.168.1.2/tcp/4001/p2p/12D3KooWPjceQrSwdWXPyLLeABRXmuqt69Rg3sBYbU1Nft9HyQ6X'

/** What anybody in the local network says by mDNS. */
const localTarget: FuzzTarget = {
  name: 'local-message',
  seeds: () =>
    Promise.resolve([
      encodeQuestion(localService),
      encodeAnswer(localService, [localAddress]),
      encodeAnswer(localService, [localAddress, localAddress.replace('ip4/192.168.1.2', 'ip6/fd00::2')]),
    ]),
  run: (bytes) => {
    const message = decodeLocal(localService, bytes)
    if (message?.kind !== 'answer') return message?.kind ?? 'passed over'
    const found = [...byPeer(message.addresses)].map(([peer, at]) => dialable(peer, heardAt('192.168.1.2', at)).length)
    return `answer ${found.some((places) => places > 0) ? 'with' : 'without'} places`
  },
}

/** A decoding that throws an expected failure instead of giving it. */
const attempted = async (work: () => unknown): Promise<string> => {
  try {
    await work()
    return 'ok'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (errorCodes.some((known) => known === code)) return String(code)
    throw error
  }
}

const { wire, groupId, installs } = any
const [install] = installs
if (install === undefined) throw new Error('there are installs')

const batches = () => sample(any.batch, ({ bytes }) => bytes)
const messages = () => sample(any.message, encodeMessage)
const payloads = () => sample(any.signedChange, ({ payload }) => payload)
const file = { attachment: 'A'.repeat(22), name: 'map.png', size: 4 }
const letter: KeptLetter = {
  to: ['ben'],
  cc: [],
  subject: 'Weather',
  body: 'A gale '.repeat(40),
  inReplyTo: null,
  attachments: [],
}
const filed: KeptLetter = { ...letter, attachments: [file] }
const waiting = { letter, queuedAt: 1, heldUntil: null, command: commandId('A'.repeat(16)), meant: [] }

const wireTargets: readonly FuzzTarget[] = [
  decoder('batch', batches, (bytes) => wire.decodeBatch(bytes)),
  decoder('stored-batch', batches, (bytes) => wire.decodeStoredBatch(bytes, [])),
  decoder('kept-batch', batches, (bytes) => wire.decodeKeptBatch(bytes, [])),
  decoder('batch-head', batches, peekBatch),
  decoder('message', messages, (bytes) => wire.decodeMessage(bytes)),
  decoder(
    'gossip',
    () => sample(fc.array(any.batch, { maxLength: 3 }), encodeGossip),
    (bytes) => wire.decodeGossip(bytes),
  ),
  decoder('update', payloads, (bytes) => wire.decodeUpdate(install.origin, 1, bytes, 'check')),
  decoder('join-request', () => sample(joins.joinRequest, encodeJoinRequest), decodeJoinRequest),
  decoder(
    'join-reply',
    () => sample(joins.joinAnswer, (value) => encodeJoinReply({ ok: true, value })),
    (bytes) => wire.decodeJoinReply(bytes),
  ),
  decoder(
    'visit-request',
    () => [
      encodeVisitRequest({ kind: 'look', token: new Uint8Array(16) }),
      encodeVisitRequest({ kind: 'client', token: new Uint8Array(16), peer: install.peer, machine: 'a laptop' }),
    ],
    decodeVisitRequest,
  ),
  decoder(
    'visit-reply',
    () => sample(joins.joinAnswer, (value) => encodeJoinReply({ ok: true, value })),
    decodeVisitReply,
  ),
  decoder(
    'invite',
    () => sample(joins.invite, (invite) => textBytes(encodeInvite(invite))),
    (bytes) => decodeInvite(textOf(bytes)),
  ),
  decoder('mail-payload', payloads, decodeMailPayload),
  decoder('mail-without-body', payloads, headOf),
  decoder('signed-parts', batches, signedPartsOf),
  ...personKindNames.map((kind) => decoder(`payload-${kind}`, payloads, (bytes) => decodePayload(kind, bytes))),
  decoder('submission', payloads, (bytes) => verifySubmission(groupId, 'mail', bytes, new Uint8Array(64))),
  decoder(
    'image',
    () => sample(stateImage, (image) => textBytes(encodeImage(image).join('\n'))),
    (bytes) => decodeImage(textOf(bytes).split('\n')),
  ),
]

const clientTargets: readonly FuzzTarget[] = [
  decoder(
    'header',
    () => [
      encodeHeader({
        subject: 'Weather',
        snippet: 'A gale',
        addressed: 1,
        inReplyTo: null,
        writtenAt: 1_700_000_000_000,
        attachmentCount: 2,
      }),
    ],
    decodeHeader,
  ),
  decoder(
    'body',
    () =>
      Promise.all([
        encodeBody({ body: 'short', files: [] }),
        encodeBody({ body: 'A gale '.repeat(400), files: [] }),
        encodeBody({ body: 'See the map.', files: [{ name: 'map.png', bytes: new Uint8Array([137, 80, 78, 71]) }] }),
        encodeBody({ body: 'All of it.', files: [{ name: 'log.txt', bytes: new Uint8Array(3_000) }] }),
      ]),
    decodeBody,
  ),
  {
    name: 'draft',
    seeds: async () => [
      await encodeDraft({ letter, writings: new Map() }),
      await encodeDraft({ letter: filed, writings: new Map([['AAAAAAAAAAA', 2]]) }),
    ],
    run: (bytes) => attempted(() => decodeDraft(bytes)),
  },
  {
    name: 'outbox-entry',
    seeds: async () => [await encodeWaiting(waiting), await encodeWaiting({ ...waiting, heldUntil: 2, letter: filed })],
    run: (bytes) => attempted(() => decodeWaiting(bytes)),
  },
  decoder('search-segment', batches, decodeSegment),
  {
    name: 'search-query',
    seeds: () =>
      Promise.resolve(['from:ben before:2026-01-31 is:unread "engine room" pump', 'in:sent e-mail'].map(textBytes)),
    run: (bytes) => attempted(() => parseQuery(textOf(bytes))),
  },
]

const calls = (): Uint8Array[] =>
  Object.keys(requestShapes).map((method, index) =>
    encodeApiMessage({
      kind: 'call',
      id: index + 1,
      method,
      request: { like: '*', names: ['ada'], accounts: [], limit: 10 },
    }),
  )

const apiTarget: FuzzTarget = {
  name: 'api-frame',
  seeds: () =>
    Promise.resolve([encodeApiMessage({ kind: 'hello', version: apiVersion, adminToken: null }), ...calls()]),
  run: (bytes) => {
    const decoded = decodeApiFrame(bytes)
    if (!decoded.ok) return outcomeOf(decoded).slice(0, 40)
    return decoded.value
      .map((message) => (message.kind === 'call' ? checkedCall(message.method, message.request) : message.kind))
      .join(' ')
      .slice(0, 80)
  },
}

const checkedCall = (method: string, request: unknown): string => {
  const shape = Object.entries(requestShapes).find(([name]) => name === method)?.[1]
  if (shape === undefined) return 'unknown'
  try {
    shape(request, method)
    return method
  } catch (error) {
    if (error instanceof Error && error.name === 'ShapeError') return 'misshapen'
    throw error
  }
}

const requests = (): Uint8Array[] => {
  const fields = {
    name: 'ada',
    password: 'x',
    to: ['ben'],
    subject: 's',
    body: 'b',
    folder: 'inbox',
    limit: 5,
    mail: '1.abcdefgh:1',
    servers: [2],
    server: serverId(2),
    like: '*',
    text: 't',
    query: 'q',
    mark: 'star',
    mails: ['1.abcdefgh:1'],
    content: 'aGk=',
    number: 1,
    attachments: ['A'.repeat(22)],
    names: ['ben'],
    account: 'A'.repeat(43),
  }
  return [...verbs.keys()].map((verb) => textBytes(JSON.stringify({ id: verb, do: verb, ...fields })))
}

let client: Promise<MailClient> | null = null

/** The scripted interface: whatever the line, there is one answer to it, and the next one is answered too. */
const terminalTarget: FuzzTarget = {
  name: 'terminal-json',
  seeds: () => Promise.resolve(requests()),
  run: async (bytes) => {
    const line = textOf(bytes).replaceAll(/[\r\n]/g, ' ')
    const [input, output] = [new PassThrough(), new PassThrough()]
    let written = ''
    output.on('data', (chunk: Buffer) => (written += chunk.toString()))
    client ??= clientOf(new MemoryReplica())
    const open = await client
    const over = runJsonTerminal({
      client: { ...open, onEvent: () => undefined, close: () => Promise.resolve() },
      input,
      output,
    })
    input.end(`${line}\n{"id":"last","do":"view"}\n`)
    await over
    const answers = written
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as { id: unknown; ok: boolean; code?: string; message?: string })
    const expected = line.trim() === '' ? 1 : 2
    if (answers.length !== expected) throw new Error(`${answers.length} answers to ${JSON.stringify(line)}`)
    if (!answers.some(({ id, ok }) => id === 'last' && ok)) throw new Error('the next request is not answered')
    const failed = answers.find(({ ok }) => !ok)
    if (failed?.code === 'INTERNAL') throw new Error(`not foreseen: ${failed.message ?? ''}`)
    return `${failed?.code ?? 'ok'} ${(failed?.message ?? '').replaceAll(/[\d"'].*/gs, '#').slice(0, 40)}`
  },
}

const windowRequests: readonly object[] = [
  { name: 'ada', password: 'x' },
  { password: 'x', newPassword: 'y' },
  { name: 'ada', recoveryPhrase: 'a b c', newPassword: 'y' },
  { to: ['ben'], subject: 's', body: 'b', holdMs: 1_000 },
  { folder: 'inbox', limit: 10 },
  { mail: '1.abcdefgh:1' },
  { mails: ['1.abcdefgh:1'], mark: 'star' },
  { like: '*' },
  { server: 2 },
  { servers: [2, 3] },
  { text: 'hello' },
  { query: 'pump', limit: 10 },
  { limit: 10, before: '1.abcdefgh:1' },
  { invite: 'quintet://join/abc' },
  {},
]

/** The window's calls: what its schemas let through is checked by them alone. */
const windowTarget: FuzzTarget = {
  name: 'window-json',
  seeds: () => Promise.resolve(windowRequests.map((request) => textBytes(JSON.stringify(request)))),
  run: (bytes) => {
    let request: unknown
    try {
      request = JSON.parse(textOf(bytes))
    } catch {
      return 'no JSON'
    }
    const passed = Object.entries({ ...clientRequests, ...hostRequests }).flatMap(([name, schema]) =>
      v.safeParse(schema, request).success ? [name] : [],
    )
    return passed.join(' ').slice(0, 80)
  },
}

export const fuzzTargets: readonly FuzzTarget[] = [
  localTarget,
  ...wireTargets,
  ...clientTargets,
  apiTarget,
  terminalTarget,
  windowTarget,
]
