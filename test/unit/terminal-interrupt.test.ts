import { describe, expect, test } from 'vitest'

import { signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'
import { openTerminal } from '../support/terminal.ts'

const ctrlC = '\u0003'

/** Somebody called ann at a server that has not answered since, until `answer` is called. */
const atSilentServer = async (columns = 80) => {
  const replica = new MemoryReplica()
  const ann = await signedUp(replica, 'ann')
  const terminal = openTerminal(ann, columns)
  await terminal.sees('ann@1> ')
  const answered = Promise.withResolvers<undefined>()
  const [connection] = replica.connections
  if (connection === undefined) throw new Error('ann is connected')
  const hold = (): void => {
    connection.answerAfter = answered.promise
  }
  const answer = (): void => {
    connection.answerAfter = null
    answered.resolve(undefined)
  }
  return { replica, ann, hold, answer, ...terminal }
}

const later = (text: string, before: string): string => text.slice(text.indexOf(before) + before.length)

describe('Ctrl-C', () => {
  test('gives the prompt back while a command waits, and nothing of it is shown or counts later', async () => {
    const { ann, hold, answer, type, sees, shown, over } = await atSilentServer()
    await ann.send({ to: ['ann'], subject: 'the only one', body: '' })
    await sees('New mail')
    hold()
    type('l\rv\r')
    await sees('l\r\n')
    type(ctrlC)
    await sees('Not waited for any longer')
    answer()
    type('r 1\r')
    await sees('No mail 1 has been listed')
    expect(later(shown(), 'Not waited for')).not.toMatch(/the only one|View/)
    type('quit\r')
    await over
  })

  test('twice leaves, at the prompt as while a command waits', async () => {
    const waiting = await atSilentServer()
    waiting.hold()
    waiting.type('v\r')
    await waiting.sees('v\r\n')
    waiting.type(ctrlC)
    await waiting.sees('Ctrl-C once more leaves')
    waiting.type(ctrlC)
    waiting.answer()
    await waiting.over
    expect(waiting.replica.connections.size).toBe(0)
    const asking = await atSilentServer()
    asking.type(`people${ctrlC}`)
    await asking.sees('Ctrl-C once more')
    asking.type(`v\r`)
    await asking.sees('View 1')
    await asking.sees('ann@1> ', 3)
    asking.type(ctrlC)
    await asking.sees('Ctrl-C once more', 2)
    asking.type(ctrlC)
    await asking.over
  })

  test('leaves a mail that is sent to be sent, and what became of it is told', async () => {
    const { replica, hold, answer, type, sees, shown, over } = await atSilentServer()
    type('m ann\rAbout lunch\r')
    await sees('Ctrl-C leaves it')
    type('text\r')
    await sees('text\r\n')
    hold()
    type('.\r')
    await sees('.\r\n')
    type(ctrlC)
    await sees('Not waited for any longer')
    expect(shown()).not.toContain('Sent to ann')
    answer()
    await sees('Sent to ann.')
    type('drafts\r')
    await sees('No drafts.')
    expect(replica.mails).toHaveLength(1)
    type('quit\r')
    await over
  })

  test('drops a mail that is begun only when it is pressed once more', async () => {
    const { replica, ann, type, sees, over } = await atSilentServer()
    type('m ann\rAbout lunch\r')
    await sees('Ctrl-C leaves it')
    type('first\rseco')
    await sees('seco')
    type(ctrlC)
    await sees('Or go on writing.')
    type('second\r.\r')
    await sees('Sent to ann.')
    const { headers } = await ann.list({ folder: 'inbox', limit: 1 })
    expect(await ann.read({ mail: headers[0]!.mail })).toMatchObject({ body: 'first\nsecond' })
    type('m ann\rAnother\r')
    type('only')
    await sees('only')
    type('\rtwo')
    await sees('two')
    type(ctrlC)
    await sees('drops what you wrote. Or go on writing.\n', 2)
    type(ctrlC)
    await sees('Dropped: nothing was sent')
    type('drafts\r')
    await sees('No drafts.')
    expect(replica.mails).toHaveLength(1)
    type('quit\r')
    await over
  })

  test('leaves what was said where it is, also where the question took several rows', async () => {
    const { type, sees, shown, over } = await atSilentServer(20)
    type('m\r')
    await sees('with commas): ')
    type(ctrlC)
    await sees('ann@1> ', 2)
    expect(later(shown(), '^C')).not.toContain('\u001b[1A')
    type('quit\r')
    await over
  })

  test('goes on with the mail when it is the file to be attached that is not waited for', async () => {
    const { hold, answer, type, sees, over } = await atSilentServer()
    type('m ann\rAbout lunch\r')
    await sees('Ctrl-C leaves it')
    type('text\r')
    await sees('text\r\n')
    hold()
    type('~a package.json\r')
    await sees('~a package.json\r\n')
    type(ctrlC)
    await sees('the file is not attached')
    answer()
    type('.\r')
    await sees('Sent to ann.')
    type('quit\r')
    await over
  })
})
