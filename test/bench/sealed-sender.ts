/**
 * A person's client of the replica of this machine that seals and signs its mails beforehand: JSON lines are `ready` when all are made, then
 * for each line on stdin `done` when so many more are answered. Arguments: data directory, how many mails a round, rounds, reader's name.
 */
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { passwordOf } from '../../build/cluster/group.ts'
import type { Submission } from '../../replica/api/contract.ts'
import { connectReplica } from '../../replica/api/remote-replica.ts'
import { importPublicKey } from '../../replica/client/hpke.ts'
import { passwordCost } from '../../replica/client/key-lock.ts'
import { accountNamed, knownAccount } from '../../replica/client/session.ts'
import { snippetOf } from '../../replica/client/snippet.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { loadAttachment, loadInstall } from '../../replica/drivers/install-file.ts'
import { connectLocally } from '../../replica/drivers/local-socket.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import { bodyChars, nameOf } from './bench-group.ts'
import { seededRandom, textOf } from './corpus.ts'

const connectTimeoutMs = 2_500
const sealedAtOnce = 16

const [directory = '', count = '0', rounds = '0', reader = ''] = process.argv.slice(2)
const [mailsARound, all] = [Number(count), Number(count) * Number(rounds)]
const install = await loadInstall(directory)
const attachment = await loadAttachment(directory)
const member = install && attachment?.members.get(install.server)
if (install === null || member === null || member === undefined) throw new Error(`no replica runs in ${directory}`)
const { socket: path, adminToken } = attachment ?? { socket: null, adminToken: null }
if (path === null) throw new Error(`the replica in ${directory} has no local socket`)
const stream = await connectLocally({ path, peer: member.peer, clock: systemClock, timeoutMs: connectTimeoutMs })
const api = connectReplica({ stream, adminToken, clock: systemClock })
const own = nameOf(install.server)
const record = await accountNamed((query) => api.lookUp(query), install.groupId, own)
const ports = { machine: 'bench', random: randomBytes, clock: systemClock, passwordCost }
const session = await knownAccount(record, install.groupId, { kind: 'password', password: passwordOf(own) }, ports)
await session.logIn(api)
const [found] = await api.lookUp({ names: [reader], accounts: [] })
if (found === undefined) throw new Error(`nobody is called ${reader}`)
const recipient = { account: found.account, sealKey: await importPublicKey(found.sealKey) }

const seal = (index: number, random: () => number): Promise<Submission> => {
  const body = textOf('natural', bodyChars, random)
  const content = {
    subject: `letter ${index + 1}`,
    snippet: snippetOf(body),
    addressed: 1,
    inReplyTo: null,
    files: [],
    body,
  }
  return session.mail({ ...content, command: session.newCommand(), to: [recipient], conversation: null })
}

const random = seededRandom(install.server)
const sealed: Submission[] = []
while (sealed.length < all) {
  const bundle = Array.from({ length: Math.min(sealedAtOnce, all - sealed.length) }, (_, index) =>
    seal(sealed.length + index, random),
  )
  sealed.push(...(await Promise.all(bundle)))
}
console.log(JSON.stringify({ event: 'ready' }))

let sent = 0
let end = 0
const sendOnes = async (): Promise<void> => {
  while (sent < end) {
    const submission = sealed[sent]
    sent += 1
    if (submission !== undefined) await api.submit(submission)
  }
}
for await (const _go of createInterface({ input: process.stdin })) {
  end += mailsARound
  await Promise.all(Array.from({ length: limits.callsInFlight }, sendOnes))
  console.log(JSON.stringify({ event: 'done' }))
}
await api.close()
