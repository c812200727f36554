import type { ReplicaApi } from '../../replica/api/contract.ts'
import type { ClientEvent, MailClient } from '../../replica/client/contract.ts'
import { createMailClient } from '../../replica/client/mail-client.ts'
import type { ServerId } from '../../replica/core/model/ids.ts'
import { systemTestClock, testRandom } from './client-ports.ts'
import type { MemoryReplica } from './memory-replica.ts'

/** A password's stretching that costs nothing: tests are about everything else. */
export const cheapPassword = { log2N: 4, r: 1, p: 1 }

export const clientOver = (connect: (server: ServerId | null) => Promise<ReplicaApi>): Promise<MailClient> =>
  createMailClient({ connect, random: testRandom, clock: systemTestClock, passwordCost: cheapPassword })

export const clientOf = (replica: MemoryReplica): Promise<MailClient> => clientOver(async () => replica.connect())

export const signedUp = async (replica: MemoryReplica, name: string): Promise<MailClient> => {
  const client = await clientOf(replica)
  await client.signUp({ name, password: `${name}'s password` })
  return client
}

/** The next event of a kind. Replaces the client's listener. */
export const nextEvent = <Name extends ClientEvent['event']>(
  client: MailClient,
  name: Name,
): Promise<Extract<ClientEvent, { readonly event: Name }>> =>
  new Promise((resolve) =>
    client.onEvent((event) => {
      if (isEvent(event, name)) resolve(event)
    }),
  )

const isEvent = <Name extends ClientEvent['event']>(
  event: ClientEvent,
  name: Name,
): event is Extract<ClientEvent, { readonly event: Name }> => event.event === name
