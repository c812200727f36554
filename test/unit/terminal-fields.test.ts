import { expect, test } from 'vitest'

import { limits } from '../../replica/core/model/limits.ts'
import { signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'
import { openTerminal } from '../support/terminal.ts'

/** Clears the line that is typed. */
const ctrlU = '\u0015'

const atTerminal = async () => {
  const replica = new MemoryReplica()
  await signedUp(replica, 'ben')
  const ann = await signedUp(replica, 'ann')
  const terminal = openTerminal(ann)
  await terminal.sees('ann@1> ')
  const quit = async (): Promise<void> => {
    terminal.type('quit\r')
    await terminal.over
  }
  return { replica, ann, quit, ...terminal }
}

test('who is not there can be mended where the name was written', async () => {
  const { ann, type, sees, quit } = await atTerminal()
  type('m bem\r')
  await sees('Nobody here is called bem.')
  await sees('commas): \u001b[26Gbem')
  type('\u007fn\r')
  await sees('Subject: ')
  type('Hi\r.\r')
  await sees('Sent to ben.')
  expect((await ann.list({ folder: 'sent', limit: 1 })).headers).toMatchObject([{ to: ['ben'], subject: 'Hi' }])
  await quit()
})

test('a mail to nobody, or to too many, goes back to its recipients', async () => {
  const { type, sees, shown, quit } = await atTerminal()
  const names = Array.from({ length: limits.recipients + 1 }, (_, index) => `p${index}`)
  type('m\r')
  await sees('To (names')
  type(',\r')
  await sees('at least one recipient')
  type(`${ctrlU}${names.join()}\r`)
  await sees(`${limits.recipients} recipients at most; this one has ${limits.recipients + 1}.`)
  expect(shown()).not.toContain('Subject: ')
  type(`${ctrlU}ben\r`)
  await sees('Subject: ')
  type('\u0003')
  await sees('Left as it was.')
  await quit()
})

test.each(['m ben', 'draft ben'])('a subject that is too long is there to be shortened: %s', async (command) => {
  const { ann, type, sees, quit } = await atTerminal()
  type(`${command}\r`)
  await sees('Subject: ')
  type(`${'s'.repeat(limits.subjectChars + 1)}\r`)
  await sees(`${limits.subjectChars} characters at most`)
  await sees('Subject: ', 2)
  type('\u007f\rtext\r.\r')
  await sees(command === 'm ben' ? 'Sent to ben.' : 'Saved')
  const letters =
    command === 'm ben' ? (await ann.list({ folder: 'sent', limit: 1 })).headers : (await ann.drafts()).drafts
  expect(letters).toMatchObject([{ subject: 's'.repeat(limits.subjectChars) }])
  await quit()
})

test('a post that is too long is there to be shortened', async () => {
  const { replica, type, sees, quit } = await atTerminal()
  type(`post ${'p'.repeat(limits.postChars + 1)}\r`)
  await sees(`${limits.postChars} characters at most`)
  await sees('tell the group? ')
  type('\u007f\r')
  await sees('Posted')
  expect(replica.posts).toHaveLength(1)
  await quit()
})
