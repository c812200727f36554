import { expect, test } from 'vitest'

import { originId, updateId } from '../../replica/core/model/ids.ts'
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

test('a mail that was given to two servers is told of once, whichever of its names stands when the connection is back', async () => {
  const replica = new MemoryReplica()
  const ann = await signedUp(replica, 'ann')
  const { bob, lose } = await losableBob(replica)
  await bob.logIn({ name: 'bob', password: "bob's password" })
  const told: string[] = []
  const last = Promise.withResolvers<undefined>()
  const once = Promise.withResolvers<undefined>()
  bob.onEvent((event) => {
    if (event.event !== 'mail') return
    told.push(event.header.subject)
    once.resolve(undefined)
    if (event.header.subject === 'last') last.resolve(undefined)
  })
  await sendNow(ann, { to: ['bob'], subject: 'once', body: '' })
  await once.promise
  const open = lose()
  const [held] = replica.mails
  replica.mails.splice(0, 1, { ...held!, mail: updateId(originId('2.bbbbbbbb'), 1) })
  await sendNow(ann, { to: ['bob'], subject: 'last', body: '' })
  open()
  await last.promise
  expect(told).toEqual(['once', 'last'])
})
