import { expect, test } from 'vitest'

import { limits } from '../../replica/core/model/limits.ts'
import { losableBob, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

test('a client whose connection is back is told of all that came meanwhile, and of nothing old that is among the newest now', async () => {
  const replica = new MemoryReplica()
  const ann = await signedUp(replica, 'ann')
  const { bob, lose } = await losableBob(replica)
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
  const open = lose()
  const sent = Array.from({ length: count }, (_, index) => `new ${index}`)
  for (const subject of sent) await send(subject)
  open()
  await all.promise
  await bob.counts()
  expect(told).toEqual(sent)
})
