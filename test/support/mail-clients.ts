import type { ClientEvent } from '../../replica/client/contract/events.ts'
import type { Letter } from '../../replica/client/contract/mailbox.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import type { ConnectReplica } from '../../replica/client/link-connection.ts'
import { createMailClient } from '../../replica/client/mail-client.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import type { ClientClock } from '../../replica/client/client-ports.ts'
import { systemTestClock, testRandom } from './client-ports.ts'
import { ManualClock } from './manual-clock.ts'
import type { MemoryReplica } from './memory-replica.ts'

/** A password's stretching that costs nothing: tests are about everything else. */
export const cheapPassword = { log2N: 4, r: 1, p: 1 }

export const clientOver = (connect: ConnectReplica, clock: ClientClock = systemTestClock): Promise<MailClient> =>
  createMailClient({
    connect,
    machine: 'test machine',
    random: testRandom,
    clock,
    passwordCost: cheapPassword,
  })

export const clientOf = (replica: MemoryReplica): Promise<MailClient> => clientOver(async () => replica.connect())

/** Bob, who has signed up and logged out, by a connection that can be lost: it is back when what `lose` gives is called. */
export const losableBob = async (replica: MemoryReplica) => {
  let gate = Promise.resolve()
  const bob = await clientOver(() => gate.then(() => replica.connect()))
  await bob.signUp({ name: 'bob', password: "bob's password" })
  const connection = [...replica.connections].at(-1)
  await bob.logOut()
  const lose = (): (() => void) => {
    const open = Promise.withResolvers<undefined>()
    gate = open.promise.then(() => undefined)
    connection?.lose()
    return () => {
      open.resolve(undefined)
    }
  }
  return { bob, lose }
}

/** By a clock of its own. */
export const clientAt = (replica: MemoryReplica, clock: ClientClock): Promise<MailClient> =>
  clientOver(async () => replica.connect(), clock)

export const signedUp = async (
  replica: MemoryReplica,
  name: string,
  clock: ClientClock = systemTestClock,
): Promise<MailClient> => {
  const client = await clientAt(replica, clock)
  await client.signUp({ name, password: `${name}'s password` })
  return client
}

/** Somebody who has signed up, by a clock of their own. */
export const person = async (
  replica: MemoryReplica,
  name: string,
): Promise<{ readonly client: MailClient; readonly clock: ManualClock }> => {
  const clock = new ManualClock()
  return { client: await signedUp(replica, name, clock), clock }
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

/** Sends a mail that leaves at once, and gives its name. */
export const sendNow = async (client: MailClient, letter: Letter): Promise<UpdateId> => {
  const answer = await client.send(letter)
  if ('mail' in answer) return answer.mail
  throw new Error(`the mail waits in the outbox: ${JSON.stringify(answer.reason)}`)
}
