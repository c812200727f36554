import { randomBytes } from 'node:crypto'
import type { SealedMail, Submission } from '../../replica/api/contract.ts'
import { passwordCost } from '../../replica/client/key-lock.ts'
import type { Recipient } from '../../replica/client/mail-sealer.ts'
import { makePrivateHalves, personKeysOf } from '../../replica/client/person-keys.ts'
import { Session } from '../../replica/client/session.ts'
import { snippetOf } from '../../replica/client/snippet.ts'
import type { AccountId } from '../../replica/core/model/ids.ts'
import { originId, updateId } from '../../replica/core/model/ids.ts'
import { verifyWithSodium } from '../../replica/drivers/sodium.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import { verifySubmission } from '../../replica/wire/update-codec.ts'
import { bodyChars, secondsOf } from './bench-group.ts'
import { seededRandom, textOf } from './corpus.ts'
import type { Bench, BenchScale, Sample } from './figures.ts'

const mails = 2_000
const groupIdBytes = 16

/** What cryptography costs: one thread of this process, nothing else. */
export const sealBench: Bench = {
  name: 'seal',
  about: 'cryptography alone, one thread: a mail of 1,000 characters to one person',
  figures: [
    { name: 'sealed and signed', unit: 'mails/s', target: null, limit: null },
    { name: 'verified by a replica', unit: 'mails/s', target: null, limit: null },
    { name: 'verified and opened', unit: 'mails/s', target: null, limit: null },
  ],
  prepare: (scale) => {
    verifyWithSodium()
    return Promise.resolve({ run: () => runOnce(scale), end: () => Promise.resolve() })
  },
}

interface Person {
  readonly session: Session
  readonly asRecipient: Recipient
}

const runOnce = async ({ share }: BenchScale): Promise<Sample> => {
  const groupId = new Uint8Array(randomBytes(groupIdBytes))
  const [writer, reader] = await Promise.all([personIn(groupId), personIn(groupId)])
  const random = seededRandom(1)
  const count = Math.ceil(mails * share)
  const bodies = Array.from({ length: count }, () => textOf('natural', bodyChars, random))
  const sealed: Submission[] = []
  const seal = await secondsOf(async () => {
    for (const body of bodies)
      sealed.push(await writer.session.mail(letterTo(writer.session, reader.asRecipient, body)))
  })
  const verify = await secondsOf(() => {
    for (const { payload, signature } of sealed) verifySubmission(groupId, 'mail', payload, signature)
    return Promise.resolve()
  })
  const open = await secondsOf(async () => {
    for (const submission of sealed)
      await reader.session.opener.open(asFetched(submission, writer.session.account, reader.session.account))
  })
  return new Map([
    ['sealed and signed', count / seal],
    ['verified by a replica', count / verify],
    ['verified and opened', count / open],
  ])
}

const letterTo = (session: Session, recipient: Recipient, body: string) => ({
  command: session.newCommand(),
  to: [recipient],
  addressed: 1,
  conversation: null,
  inReplyTo: null,
  files: [],
  subject: 'a letter',
  snippet: snippetOf(body),
  body,
})

const personIn = async (groupId: Uint8Array): Promise<Person> => {
  const keys = await personKeysOf(makePrivateHalves(randomBytes))
  const ports = { machine: 'bench', random: randomBytes, clock: systemClock, passwordCost }
  const session = new Session('somebody', groupId, keys, ports)
  return { session, asRecipient: { account: keys.account, sealKey: keys.sealPair.publicKey } }
}

const asFetched = ({ payload, signature }: Submission, from: AccountId, to: AccountId): SealedMail => ({
  mail: updateId(originId('1.aaaaaaaa'), 1),
  from,
  fromName: 'a',
  to: [to],
  toNames: ['b'],
  sentAt: 0,
  read: true,
  markedUnread: false,
  starred: false,
  inTrash: false,
  conversation: null,
  payload,
  signature,
  leaf: null,
})
