/**
 * A person's client that seals and signs its mails beforehand: `--json` lines are `ready` when all are made, then, after a line on
 * stdin, `done` when all are answered. Arguments: data directory, how many mails.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { passwordOf } from '../../build/cluster/group.ts'
import type { Submission } from '../../replica/api/contract.ts'
import { connectReplica } from '../../replica/api/remote-replica.ts'
import { importPublicKey } from '../../replica/client/hpke.ts'
import { passwordCost } from '../../replica/client/key-lock.ts'
import { accountNamed, knownAccount } from '../../replica/client/session.ts'
import { snippetOf } from '../../replica/client/snippet.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { loadAttachment, loadInstall } from '../../replica/drivers/install-file.ts'
import { createClientDialer } from '../../replica/drivers/libp2p-client.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import { allFive, bodyChars, nameOf } from './bench-group.ts'
import { seededRandom, textOf } from './corpus.ts'

const dialTimeoutMs = 2_500
const sealedAtOnce = 16

const [directory = '', count = '0'] = process.argv.slice(2)
const install = await loadInstall(directory)
const member = install && (await loadAttachment(directory))?.members.get(install.server)
if (install === null || member === null || member === undefined) throw new Error(`no replica runs in ${directory}`)
const dialer = await createClientDialer({ groupKey: install.groupKey, clock: systemClock })
const stream = await dialer.dial(member.peer, member.addresses, dialTimeoutMs)
const api = connectReplica({ stream, adminToken: null, clock: systemClock })
const own = nameOf(install.server)
const record = await accountNamed((query) => api.lookUp(query), install.groupId, own)
const ports = { machine: 'bench', random: randomBytes, clock: systemClock, passwordCost }
const session = await knownAccount(record, install.groupId, { kind: 'password', password: passwordOf(own) }, ports)
await session.logIn(api)
const others = allFive.map(nameOf).filter((name) => name !== own)
const recipients = await Promise.all(
  (await api.lookUp({ names: others, accounts: [] })).map(async ({ account, sealKey }) => ({
    account,
    sealKey: await importPublicKey(sealKey),
  })),
)

const seal = (index: number, random: () => number): Promise<Submission> => {
  const recipient = recipients[index % recipients.length]
  if (recipient === undefined) throw new Error('somebody has to read')
  const body = textOf('natural', bodyChars, random)
  const content = { subject: `letter ${index + 1}`, snippet: snippetOf(body), addressed: 1, inReplyTo: null, body }
  return session.mail({ ...content, command: session.newCommand(), to: [recipient], conversation: null })
}

const random = seededRandom(install.server)
const sealed: Submission[] = []
while (sealed.length < Number(count)) {
  const bundle = Array.from({ length: Math.min(sealedAtOnce, Number(count) - sealed.length) }, (_, index) =>
    seal(sealed.length + index, random),
  )
  sealed.push(...(await Promise.all(bundle)))
}
console.log(JSON.stringify({ event: 'ready' }))
await once(process.stdin, 'data')
const waiting = new Set<Promise<unknown>>()
for (const submission of sealed) {
  if (waiting.size >= limits.callsInFlight) await Promise.race(waiting)
  const answered: Promise<unknown> = api.submit(submission).finally(() => waiting.delete(answered))
  waiting.add(answered)
}
await Promise.all(waiting)
console.log(JSON.stringify({ event: 'done' }))
await api.close()
await dialer.stop()
process.exit(0)
