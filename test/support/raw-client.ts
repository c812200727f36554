import { randomBytes } from 'node:crypto'
import type { ReplicaApi } from '../../replica/api/contract.ts'
import { connectReplica } from '../../replica/api/remote-replica.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { createMailClient } from '../../replica/client/mail-client.ts'
import { newAccount, type Session } from '../../replica/client/session.ts'
import { loadAttachment, loadInstall } from '../../replica/drivers/install-file.ts'
import { createClientDialer } from '../../replica/drivers/libp2p-client.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import type { FrameStream } from '../../replica/host/ports.ts'
import { systemTestClock } from './client-ports.ts'
import { cheapPassword } from './mail-clients.ts'

const dialTimeoutMs = 5_000

/** A client's connection to the replica process that keeps `data`, below everything that makes a client well-behaved. */
export interface RawClient {
  readonly groupId: Uint8Array
  readonly stream: FrameStream
  end(): Promise<void>
}

export const openRawClient = async (data: string): Promise<RawClient> => {
  const [install, attachment] = await Promise.all([loadInstall(data), loadAttachment(data)])
  const member = install === null ? undefined : attachment?.members.get(install.server)
  if (install === null || member === undefined) throw new Error(`no replica keeps ${data}`)
  const dialer = await createClientDialer({ groupKey: install.groupKey, clock: systemClock })
  const stream = await dialer.dial(member.peer, member.addresses, dialTimeoutMs)
  return { groupId: install.groupId, stream, end: () => dialer.stop() }
}

/** The same with the api's calls, without a session. */
export const openRawApi = async (data: string): Promise<RawClient & { readonly api: ReplicaApi }> => {
  const raw = await openRawClient(data)
  return { ...raw, api: connectReplica({ stream: raw.stream, adminToken: null, clock: systemClock }) }
}

const dayMs = 86_400_000

/** A client of that replica by whose clock it is so many days later. */
export const openClientAtOtherTime = async (data: string, days: number): Promise<MailClient> => {
  const { stream, end } = await openRawClient(data)
  const client = await createMailClient({
    connect: () => Promise.resolve(connectReplica({ stream, adminToken: null, clock: systemClock })),
    machine: 'later',
    random: randomBytes,
    clock: { ...systemTestClock, nowMs: () => systemTestClock.nowMs() + days * dayMs },
  })
  const close = async (): Promise<void> => {
    await client.close()
    await end()
  }
  return { ...client, close }
}

/** Signs somebody up and logs in. */
export const signUpRaw = async (api: ReplicaApi, groupId: Uint8Array, name: string): Promise<Session> => {
  const ports = { random: randomBytes, clock: systemClock, machine: 'raw client', passwordCost: cheapPassword }
  const { session, submission } = await newAccount(groupId, { name, password: `password of ${name}` }, ports)
  await api.submit(submission)
  await session.logIn(api)
  return session
}
