import { expect, test } from 'vitest'

import { limits } from '../../replica/core/model/limits.ts'
import { clientOver, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

test('a client whose connection is back is told of all that came meanwhile, and of nothing old that is among the newest now', async () => {
  const replica = new MemoryReplica()
  const ann = await signedUp(replica, 'ann')
  let gate = Promise.resolve()
  const bob = await clientOver(() => gate.then(() => replica.connect()))
  await bob.signUp({ name: 'bob', password: "bob's password" })
  const [, ofBob] = [...replica.connections]
  await bob.logOut()
  const old = []
  const send = (subject: string) => sendNow(ann, { to: ['bob'], subject, body: '' })
  for (let count = 0; count <= limits.arrivalsLooked; count += 1) old.push(await send('old'))
  await bob.logIn({ name: 'bob', password: "bob's password" })
  await bob.mark({ mails: old.slice(-2), mark: 'trash' })
  const told: string[] = []
  const all = Promise.withResolvers<undefined>()
  const count = limits.arrivalsLooked * 2 + 1
  bob.onEvent((event) => {
    if (event.event === 'mail' && told.push(event.header.subject) === count) all.resolve(undefined)
  })
  const open = Promise.withResolvers<undefined>()
  gate = open.promise.then(() => undefined)
  ofBob?.lose()
  const sent = Array.from({ length: count }, (_, index) => `new ${index}`)
  for (const subject of sent) await send(subject)
  open.resolve(undefined)
  await all.promise
  await bob.counts()
  expect(told).toEqual(sent)
})
