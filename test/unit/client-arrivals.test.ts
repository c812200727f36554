import { describe, expect, test } from 'vitest'
import { clientOver, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

describe('a person', () => {
  test('is told once of a mail that came while there was no connection, and of none that was there before', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    let gate = Promise.resolve()
    const bob = await clientOver(() => gate.then(() => replica.connect()))
    await bob.signUp({ name: 'bob', password: "bob's password" })
    const [, ofBob] = [...replica.connections]
    await bob.logOut()
    await sendNow(ann, { to: ['bob'], subject: 'long there', body: '' })
    await bob.logIn({ name: 'bob', password: "bob's password" })
    const told: string[] = []
    const [first, last] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
    bob.onEvent((event) => {
      if (event.event !== 'mail') return
      told.push(event.header.subject)
      if (event.header.subject === 'told at once') first.resolve(undefined)
      if (told.length === 3) last.resolve(undefined)
    })
    await sendNow(ann, { to: ['bob'], subject: 'told at once', body: '' })
    await first.promise
    const open = Promise.withResolvers<undefined>()
    gate = open.promise.then(() => undefined)
    ofBob?.lose()
    await sendNow(ann, { to: ['bob'], subject: 'meanwhile', body: '' })
    open.resolve(undefined)
    await bob.list({ folder: 'inbox', limit: 10 })
    await sendNow(ann, { to: ['bob'], subject: 'the last one', body: '' })
    await last.promise
    expect(told.toSorted()).toEqual(['meanwhile', 'the last one', 'told at once'])
  })
})
