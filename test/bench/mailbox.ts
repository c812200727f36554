import { randomBytes } from 'node:crypto'
import { cp, rm } from 'node:fs/promises'
import path from 'node:path'
import { passwordOf } from '../../build/cluster/group.ts'
import type { AccountInfo, Submission } from '../../replica/api/contract.ts'
import { importPublicKey } from '../../replica/client/hpke.ts'
import { passwordCost } from '../../replica/client/key-lock.ts'
import type { Recipient } from '../../replica/client/mail-sealer.ts'
import type { Session } from '../../replica/client/session.ts'
import { accountNamed, knownAccount } from '../../replica/client/session.ts'
import { snippetOf } from '../../replica/client/snippet.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import type { Clock, Hash, Sequence } from '../../replica/core/model/ids.ts'
import type { Batch, Draft, MakeBatch } from '../../replica/core/model/updates.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { loadInstall } from '../../replica/drivers/install-file.ts'
import { openNedbStorage } from '../../replica/drivers/nedb-storage.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import type { Install } from '../../replica/host/install.ts'
import type { LoggerPort, Storage } from '../../replica/host/ports.ts'
import { recoverCore } from '../../replica/host/recovery.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { decodePayload, encodeMailPayload } from '../../replica/wire/payload-codec.ts'
import { signedPartsOf } from '../../replica/wire/signed-parts.ts'
import type { Wire } from '../../replica/wire/wire.ts'
import { createWire } from '../../replica/wire/wire.ts'
import { bodyChars, nameOf } from './bench-group.ts'
import { seededRandom, textOf } from './corpus.ts'

export interface MailboxOptions {
  /** Data directories of stopped replicas of one group that hold the same. */
  readonly directories: readonly string[]
  /** `first`: only the first is written; else the others get copies of it. */
  readonly write?: 'first'
  readonly mails: number
  /** Mails in one batch: 1 is mail that is written by hand. */
  readonly batchMails: number
  /** Which mails are sealed, by their place; the others have random bytes of the same length in place of what is sealed. Left out: all. */
  readonly isSealed?: (index: number) => boolean
  /** How many of the mails come after the snapshot, as after a crash. */
  readonly afterSnapshot: number
  /** Who gets all of them; left out, each of the others in turn. */
  readonly to?: string
}

const recordsAnAppend = 1_000
/** How much is read at once to make the next snapshot of it. */
const mailsASnapshot = 100_000
const silent = (): void => undefined
const silentLogger: LoggerPort = { debug: silent, info: silent, warn: silent, error: silent }

/** One install that sends, and the person there. */
interface Sender {
  readonly makeBatch: MakeBatch
  readonly session: Session
  readonly recipients: readonly Recipient[]
  readonly install: Install
  last: Sequence
  lastHash: Hash
}

/**
 * Fills data directories as if the five people of a bench group had written for long: every mail is sealed and signed, every
 * batch signed and chained, and all goes to disk through the real storage. The vectors are stable: all hold the same.
 */
export const fillMailbox = async (options: MailboxOptions): Promise<void> => {
  const [first = ''] = options.directories
  const installs = await Promise.all(options.directories.map(installOf))
  const [{ groupId } = await installOf(first)] = installs
  const wire = createWire({ groupId })
  const storage = await openNedbStorage({ directory: first, wire, logger: silentLogger })
  const core = await coreOf(storage, wire, await installOf(first))
  const senders = await Promise.all(installs.map((install) => senderOf(core, wire, install, options.to ?? null)))
  const early = options.mails - options.afterSnapshot
  let clock = core.state.newestClock
  const stretch = { batchMails: options.batchMails, isSealed: options.isSealed ?? (() => true) }
  await storage.close()
  for (let from = 0; from < early; from += mailsASnapshot) {
    const to = Math.min(early, from + mailsASnapshot)
    const open = await openNedbStorage({ directory: first, wire, logger: silentLogger })
    await open.recover()
    clock = await appendMails(open, senders, { ...stretch, from, to, clock })
    await open.close()
    await writeSnapshot(first, wire)
  }
  const again = await openNedbStorage({ directory: first, wire, logger: silentLogger })
  await again.recover()
  await appendMails(again, senders, { ...stretch, from: early, to: options.mails, clock })
  await again.close()
  for (const other of options.write === 'first' ? [] : options.directories.slice(1)) {
    for (const part of ['log', 'snapshot']) {
      await rm(path.join(other, part), { recursive: true, force: true })
      await cp(path.join(first, part), path.join(other, part), { recursive: true })
    }
  }
}

const writeSnapshot = async (directory: string, wire: Wire): Promise<void> => {
  const storage = await openNedbStorage({ directory, wire, logger: silentLogger })
  const core = await coreOf(storage, wire, await installOf(directory))
  // As replicas that hold the same do from time to time.
  core.state.forgetCommands(core.state.vector)
  const image = core.state.image()
  await storage.writeSnapshot({ vector: image.vector, chunks: encodeImage(image) })
  await storage.close()
}

const installOf = async (directory: string): Promise<Install> => {
  const install = await loadInstall(directory)
  if (install === null) throw new Error(`${directory} holds no install`)
  return install
}

const coreOf = async (storage: Storage, wire: Wire, install: Install): Promise<ReplicaCore> => {
  const { origin, server, peer } = install
  const { core } = await recoverCore({
    identity: { origin, server, peer, admission: null, vouchers: [] },
    makeBatch: wire.makeBatchWith(install),
    wire,
    storage,
    logger: silentLogger,
  })
  return core
}

const senderOf = async (core: ReplicaCore, wire: Wire, install: Install, to: string | null): Promise<Sender> => {
  const people = core.state.accounts.records()
  const infos = people.map((record): AccountInfo => {
    const parts = signedPartsOf(record.bytes)
    if (!parts.ok) throw new QuintetError(parts.failure.code, parts.failure.message)
    const { account, name, sealKey, sealedKeys } = record
    return { account, name, sealKey, sealedKeys, ...parts.value, keys: null, keysChanged: null }
  })
  const name = nameOf(install.server)
  const ports = { machine: 'bench', random: randomBytes, clock: systemClock, passwordCost }
  const record = await accountNamed(() => Promise.resolve(infos), install.groupId, name)
  const by = { kind: 'password', password: passwordOf(name) } as const
  const session = await knownAccount(record, install.groupId, by, ports)
  const readers = infos.filter((info) => (to === null ? info.account !== session.account : info.name === to))
  const recipients = await Promise.all(
    readers.map(async ({ account, sealKey }) => ({ account, sealKey: await importPublicKey(sealKey) })),
  )
  const { origin } = install
  const last = core.state.held(origin)
  const lastHash = core.state.lastHash(origin) ?? wire.firstHash(origin)
  return { makeBatch: wire.makeBatchWith(install), session, recipients, install, last, lastHash }
}

interface Stretch {
  readonly from: number
  readonly to: number
  readonly batchMails: number
  readonly isSealed: (index: number) => boolean
  /** The newest clock before; the mails follow a microsecond apart. */
  readonly clock: Clock
}

const appendMails = async (
  storage: Storage,
  senders: readonly Sender[],
  { from, to, batchMails, isSealed, clock }: Stretch,
): Promise<Clock> => {
  const random = seededRandom(from + 1)
  let newest = clock
  let turn = 0
  for (let sent = from; sent < to;) {
    const batches: Batch[] = []
    for (let waiting = 0; waiting < recordsAnAppend && sent < to;) {
      const sender = senders[turn % senders.length]
      turn += 1
      if (sender === undefined) throw new Error('somebody has to send')
      const count = Math.min(batchMails, to - sent)
      const drafts: Draft[] = []
      for (let mail = 0; mail < count; mail += 1) {
        newest += 1
        const index = sent + mail
        const submission = await (isSealed(index) ? sealed(sender, index, random) : unsealed(sender, index))
        drafts.push(draftOf(submission, newest))
      }
      const batch = sender.makeBatch(sender.last + 1, sender.lastHash, drafts)
      sender.last = batch.last
      sender.lastHash = batch.lastHash
      batches.push(batch)
      sent += count
      waiting += count
    }
    await storage.append(batches)
  }
  return newest
}

const recipientOf = ({ recipients }: Sender, index: number): Recipient => {
  const recipient = recipients[index % recipients.length]
  if (recipient === undefined) throw new Error('somebody has to read')
  return recipient
}

/** What most mails of `textOf` and `bodyChars` have. */
const headerBytes = 160
const bodyBytes = 600

const unsealed = (sender: Sender, index: number): Promise<Submission> => {
  const { account } = recipientOf(sender, index)
  const wraps = [1, 2].map(() => ({ enc: randomBytes(32), wrappedKey: randomBytes(48) }))
  const content = { wraps, sealedHeader: randomBytes(headerBytes), sealedBody: randomBytes(bodyBytes) }
  return sender.session.change('mail', (by) =>
    encodeMailPayload({ ...by, to: [account], conversation: null, ...content }),
  )
}

const sealed = (sender: Sender, index: number, random: () => number): Promise<Submission> => {
  const recipient = recipientOf(sender, index)
  const body = textOf('natural', bodyChars, random)
  return sender.session.mail({
    command: sender.session.newCommand(),
    to: [recipient],
    addressed: 1,
    conversation: null,
    inReplyTo: null,
    files: [],
    subject: `letter ${index + 1}`,
    snippet: snippetOf(body),
    body,
  })
}

const draftOf = ({ payload, signature }: Submission, clock: Clock): Draft => {
  const change = decodePayload('mail', payload)
  if (!change.ok) throw new QuintetError(change.failure.code, change.failure.message)
  return { clock, change: { change: change.value, payload, signature } }
}
