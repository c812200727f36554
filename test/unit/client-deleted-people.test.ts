import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'

import { runInteractiveTerminal } from '../../replica/terminal/interactive-terminal.ts'
import { codeOf } from '../support/code-of.ts'
import { clientOf, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'
import { shownBy } from '../support/terminal.ts'

/** Ann has read a mail from Ben, and one to her and Cleo has not been read; both of them are gone now. */
const annAlone = async () => {
  const replica = new MemoryReplica()
  const ann = await signedUp(replica, 'ann')
  const [ben, cleo] = [await signedUp(replica, 'Ben'), await signedUp(replica, 'Cleo')]
  const first = await sendNow(ben, { to: ['ann'], subject: 'first', body: 'hello' })
  await ann.read({ mail: first })
  const second = await sendNow(ben, { to: ['Cleo'], cc: ['ann'], subject: 'second', body: 'farewell' })
  await ben.deleteAccount()
  await cleo.deleteAccount()
  return { replica, ann, first, second }
}

describe('mail of a deleted account', () => {
  test('has the name by which the person knew it, marked, wherever they log in', async () => {
    const { replica, ann, second } = await annAlone()
    const expected = { from: 'ben~deleted', to: [''], cc: ['ann'] }
    expect((await ann.list({ folder: 'inbox', limit: 9 })).headers).toMatchObject([expected, { to: ['ann'] }])
    expect(await ann.read({ mail: second })).toMatchObject(expected)
    await ann.close()
    const next = await clientOf(replica)
    await next.logIn({ name: 'ann', password: "ann's password" })
    expect((await next.list({ folder: 'inbox', limit: 9 })).headers).toMatchObject([expected, { to: ['ann'] }])
    const text = await shownBy(runInteractiveTerminal, next, ['l', 'r 1', 're 1', 'quit'])
    expect(text).toContain('ben (deleted account)')
    expect(text).toMatch(/To: +\(deleted account\)/)
    expect(text).toContain('deleted: nobody would get the answer')
  })

  test('is not answered to somebody who has got the name since', async () => {
    const { replica, ann } = await annAlone()
    await signedUp(replica, 'ben')
    const { headers } = await ann.list({ folder: 'inbox', limit: 9 })
    expect(headers).toMatchObject([{ from: 'ben~deleted' }, { from: 'ben~deleted' }])
    expect(await codeOf(ann.send({ to: ['ben~deleted'], subject: '', body: '' }))).toBe('BAD_NAME')
  })

  test('is answered in the terminal to those who are still there, and to nobody when none is', async () => {
    const replica = new MemoryReplica()
    const [ann, ben] = [await signedUp(replica, 'ann'), await signedUp(replica, 'ben')]
    await signedUp(replica, 'dora')
    await sendNow(ann, { to: ['ben'], subject: 'to one', body: '' })
    await sendNow(ann, { to: ['ben', 'dora'], subject: 'to both', body: '' })
    await ben.deleteAccount()
    const text = await shownBy(runInteractiveTerminal, ann, [
      'l sent',
      're 2',
      'to nobody',
      '.',
      're 1',
      'to dora',
      '.',
      'quit',
    ])
    expect(text).toContain('The accounts that this was for are deleted')
    expect(text).toContain('Sent to dora.')
  })

  test('is not made one by a server that calls somebody else so', async () => {
    const { replica, ann } = await annAlone()
    const dora = await signedUp(replica, 'dora')
    await sendNow(dora, { to: ['ann'], subject: 'third', body: '' })
    replica.alter = (mail) => ({ ...mail, fromName: 'ben~deleted' })
    const { headers } = await ann.list({ folder: 'inbox', limit: 1 })
    expect(headers).toMatchObject([{ subject: 'third', from: '' }])
  })

  test('is found by that name, and exported with it', async () => {
    const { ann, second } = await annAlone()
    const found = await ann.search({ query: 'from:ben farewell', limit: 9, until: 'indexed' })
    expect(found.headers).toMatchObject([{ mail: second }])
    const { name, content } = await ann.exportMail({ mail: second })
    expect(name).toMatch(/ ben second\.eml$/)
    const read = await PostalMime.parse(Buffer.from(content, 'base64'))
    expect(read).toMatchObject({ from: { name: 'ben (deleted account)' }, to: [{ name: '(deleted account)' }] })
  })
})
