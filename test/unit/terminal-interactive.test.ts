import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'

import { documentId } from '../../replica/core/model/ids.ts'
import { shelves } from '../../replica/core/model/mailbox-changes.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { localFiles } from '../../replica/local-files.ts'
import { runInteractiveTerminal } from '../../replica/terminal/interactive-terminal.ts'
import { clientAt, clientOf, sendNow, signedUp } from '../support/mail-clients.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryReplica } from '../support/memory-replica.ts'
import { openTerminal, shownBy } from '../support/terminal.ts'

describe('the interactive terminal', () => {
  test('ends quietly when nobody reads what it shows, and carries out nothing more', async () => {
    const replica = new MemoryReplica()
    const [input, output] = [new PassThrough(), new PassThrough()]
    const over = runInteractiveTerminal({
      client: await signedUp(replica, 'ann'),
      files: localFiles,
      input,
      output,
      colors: 'off',
    })
    await once(output, 'data')
    const [connection] = replica.connections
    const answered = Promise.withResolvers<undefined>()
    connection!.answerAfter = answered.promise
    input.write('post text\n'.repeat(3))
    await expect.poll(() => replica.posts.length).toBe(1)
    output.destroy(new Error('EPIPE'))
    await new Promise((turn) => setImmediate(turn))
    answered.resolve(undefined)
    await over
    expect(replica.posts).toHaveLength(1)
    expect(replica.connections.size).toBe(0)
  })

  test('takes a whole sitting over a pipe', async () => {
    const replica = new MemoryReplica()
    const text = await shownBy(runInteractiveTerminal, await clientAt(replica, new ManualClock()), [
      ...['u ann', 'secret', 'secret', 'm ANN', 'About lunch', 'first line', 'second line', '.'],
      ...[
        'l',
        'r 1',
        'safety 1',
        'd 1',
        'l',
        'l sent',
        'people',
        'status',
        'v',
        'invite',
        'pause 2',
        'resume 2',
        'logout',
        'quit',
      ],
    ])
    expect(text).toMatch(/Signed up and logged in as ann/)
    expect(text).toMatch(/\* {2}1 {2}ann +About lunch +\d/)
    expect(text).toMatch(/Subject: About lunch\n\nfirst line\nsecond line\n/)
    expect(text).toMatch(/Saved on server 1 only/)
    expect(text).toMatch(/No mail yet/)
    expect(text).toMatch(/quintet:\/\/join/)
    expect(replica.connections.size).toBe(0)
  })

  test.each([true, false])('is coloured where its output has colours: %s', async (has) => {
    const input = new PassThrough()
    const output = Object.assign(new PassThrough(), { hasColors: () => has })
    let text = ''
    output.on('data', (chunk: Buffer) => (text += chunk.toString()))
    input.end('r 9\n')
    await runInteractiveTerminal({ client: await clientOf(new MemoryReplica()), files: localFiles, input, output })
    expect(text).toContain('No mail 9 has been listed')
    expect(text.includes('\u001b[31m')).toBe(has)
  })

  test('says how much of the drafts and of the outbox cannot be read here', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    await ann.saveDraft({ to: [], subject: 'of a later version', body: '' })
    const [draft] = replica.documents
    if (draft === undefined) throw new Error('there is a draft')
    // A byte of what is sealed, before the 9 that tell when it was said.
    const payload = draft.payload.with(-10, (draft.payload.at(-10) ?? 0) ^ 1)
    const letter = { ...draft, document: documentId('A'.repeat(22)), shelf: shelves.outbox, payload }
    replica.documents = [{ ...draft, payload }, letter]
    const elsewhere = await clientOf(replica)
    const text = await shownBy(runInteractiveTerminal, elsewhere, [
      'u ann',
      "ann's password",
      'counts',
      'drafts',
      'outbox',
    ])
    expect(text).toMatch(/drafts 1, outbox 1/)
    expect(text).toMatch(/Not readable here: 1\. A newer version may have written this\. It is kept\.\n/)
    expect(text).toMatch(/Not readable here: 1\. .* It is kept, and does not leave from here\.\n/)
    expect(text).not.toMatch(/No drafts|Nothing waits/)
  })

  test('keeps what is being written when the input ends, at a terminal and over a pipe', async () => {
    const replica = new MemoryReplica()
    const { over, sees, shown: seen, type } = openTerminal(await signedUp(replica, 'ann'))
    await sees('@')
    type('m ann\rAbout lunch\r')
    await sees('Ctrl-C leaves it')
    type('first line\r\u0004')
    await over
    expect(seen()).toMatch(/What you wrote is kept/)
    expect(replica.connections.size).toBe(0)
    const later = await shownBy(runInteractiveTerminal, await clientOf(replica), [
      'u ann',
      "ann's password",
      'drafts',
      'draft ann',
      'Another',
      'one',
    ])
    expect(later).toMatch(/1 {2}ann {2}About lunch/)
    expect(later).toMatch(/What you wrote is kept/)
    expect(
      await shownBy(runInteractiveTerminal, await clientOf(replica), ['u ann', "ann's password", 'drafts']),
    ).toMatch(/2 {2}ann {2}/)
  })

  test.each(['leave', 'vanish'] as const)(
    'keeps what is being written to the last letter when it is left (%s)',
    async (way) => {
      const replica = new MemoryReplica()
      const { over, sees, type, ...ways } = openTerminal(await signedUp(replica, 'ann'))
      await sees('@')
      type('m ann\rAbout lunch\r')
      await sees('Ctrl-C leaves it')
      type('first line\rsecond')
      await sees('second')
      ways[way]()
      await over
      expect(replica.connections.size).toBe(0)
      const later = await clientOf(replica)
      await later.logIn({ name: 'ann', password: "ann's password" })
      expect((await later.drafts()).drafts).toMatchObject([{ subject: 'About lunch', body: 'first line\nsecond' }])
      await later.close()
    },
  )

  test('keeps what was written and cannot be sent', async () => {
    const replica = new MemoryReplica()
    const [ann, ben] = [await signedUp(replica, 'ann'), await signedUp(replica, 'ben')]
    const { over, sees, type } = openTerminal(ann)
    await sees('@')
    type('m ben\rAbout lunch\r')
    await sees('Ctrl-C leaves it')
    await ben.deleteAccount()
    type('a line\r.\r')
    await sees('What you wrote is kept')
    expect((await ann.drafts()).drafts).toMatchObject([{ to: ['ben'], subject: 'About lunch', body: 'a line' }])
    type('quit\r')
    await over
  })

  test('asks nobody for a password who is not logged in', async () => {
    const { sees, type, shown, over } = openTerminal(await clientOf(new MemoryReplica()))
    await sees('@1> ')
    type('phrase\r')
    await sees('Log in first.')
    type('password\r')
    await sees('Log in first.', 2)
    type('v\r')
    await sees('of 5 reachable')
    expect(shown()).not.toMatch(/Password:|Present password:/)
    type('quit\r')
    await over
  })

  test('answers a mail whose subject is as long as may be', async () => {
    const ann = await signedUp(new MemoryReplica(), 'ann')
    await ann.send({ to: ['ann'], subject: 's'.repeat(limits.subjectChars), body: '' })
    const text = await shownBy(runInteractiveTerminal, ann, ['l', 're 1', 'an answer', '.', 'l', 'r 1'])
    expect(text).toMatch(/Sent to ann\./)
    expect(text).toContain(`Re: ${'s'.repeat(limits.subjectChars - 5)}…`)
  })

  test('takes a comma for part of a name that somebody has', async () => {
    const replica = new MemoryReplica()
    for (const name of ['Eriksen, Jo, MD', 'Eriksen', 'ben']) await signedUp(replica, name)
    const ann = await signedUp(replica, 'ann')
    const text = await shownBy(runInteractiveTerminal, ann, [
      'm ben, eriksen, jo, md, Eriksen cc: Eriksen, ann',
      'Rota',
      '.',
      'l sent',
      'r 1',
    ])
    expect(text).toMatch(/Sent to ben, eriksen, jo, md, Eriksen/)
    expect(text).toMatch(/To: +ben, Eriksen, Jo, MD, Eriksen\n/)
  })

  test('keeps nothing of what was shown to one person for who logs in next', async () => {
    const replica = new MemoryReplica()
    await signedUp(replica, 'ben')
    const ann = await signedUp(replica, 'ann')
    for (let index = 1; index <= 12; index++)
      await ann.send({ to: ['ann'], subject: `secret pump ${index}`, body: 'It drips.' })
    await ann.saveDraft({ to: [], subject: 'half', body: '' })
    const forBen = ['n', 're 1', 'It is mine', '.', 'drafts discard 1', 'l sent']
    const text = await shownBy(runInteractiveTerminal, ann, [
      'search drips',
      'drafts',
      'logout',
      'u ben',
      "ben's password",
      ...forBen,
    ])
    const [ofAnn = '', ofBen = ''] = text.split('Logged in as ben.')
    expect(ofAnn).toContain('10 of 12; n shows the next page.')
    expect(ofBen).toContain('No mail 1 has been listed')
    expect(ofBen).not.toMatch(/secret pump|last page/)
  })

  test('goes through the pages of a list', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann', new ManualClock())
    for (let index = 1; index <= 23; index++) await ann.send({ to: ['ann'], subject: `mail ${index}.`, body: '' })
    const text = await shownBy(runInteractiveTerminal, ann, ['l', 'n', 'n', 'n', 'r 23', 'r 24'])
    expect(text.match(/(?<=ann +)mail \d+\./g)).toEqual(Array.from({ length: 23 }, (_, index) => `mail ${23 - index}.`))
    expect(text).toMatch(/That was the last page/)
    expect(text).toMatch(/Subject: mail 1\./)
    expect(text).toMatch(/No mail 24 has been listed/)
  })

  test('shows posts, people and what is found, page by page', async () => {
    const replica = new MemoryReplica()
    const ben = await signedUp(replica, 'ben', new ManualClock())
    const ann = await signedUp(replica, 'ann')
    for (let index = 1; index <= 12; index++) {
      await ben.post({ text: `post ${index}.` })
      await ben.send({ to: ['ann'], subject: `pump ${index}.`, body: 'It drips.' })
    }
    const lines = [
      'timeline',
      'follow ben',
      'timeline',
      'n',
      'n',
      'search drips',
      'n',
      'r 12',
      'profile ben',
      'post hi',
    ]
    const text = await shownBy(runInteractiveTerminal, ann, lines)
    expect(text).toMatch(/Nothing yet from those whom you follow/)
    const pages = Array.from({ length: 12 }, (_, index) => 12 - index)
    expect(text.match(/(?<=^post )\d+(?=\.$)/gm)?.slice(0, 12)).toEqual(pages.map(String))
    expect(text.match(/(?<=ben +)pump \d+\./g)).toEqual(pages.map((number) => `pump ${number}.`))
    expect(text).toMatch(/That was the last page/)
    expect(text).toMatch(/Subject: pump 1\./)
    expect(text).toMatch(/ben, online, followed by you\n.*\nFollowers: ann\nFollows: nobody\nPosts: 12/)
    expect(text).toMatch(/Posted: everyone/)
    expect(replica.posts.length).toBe(13)
  })

  test('says what is wrong and what can be done', async () => {
    const client = await clientOf(new MemoryReplica())
    const text = await shownBy(runInteractiveTerminal, client, [
      'l',
      'frob',
      'c 9',
      'c',
      'r x',
      'pause',
      'follow',
      'help',
    ])
    expect(text).toMatch(/used as: follow NAME/)
    expect(text).toMatch(/Log in first\. u NAME/)
    expect(text).toMatch(/no command "frob"/)
    expect(text).toMatch(/no server "9"/)
    expect(text).toMatch(/used as: r N/)
    expect(text).toMatch(/^ {2}u NAME +log in, or sign up$/m)
    expect(text).toMatch(/^ {2}follow NAME +\S/m)
  })

  test('says before an answer is written that its account was deleted', async () => {
    const replica = new MemoryReplica()
    const [ann, ben] = [await signedUp(replica, 'ann'), await signedUp(replica, 'ben')]
    await sendNow(ben, { to: ['ann'], subject: 'farewell', body: '' })
    await ben.deleteAccount()
    replica.alter = (mail) => ({ ...mail, fromName: '' })
    const text = await shownBy(runInteractiveTerminal, ann, ['l', 're 1', 'quit'])
    expect(text).toContain('deleted: nobody would get the answer')
    expect(text).not.toContain('Write the mail')
  })

  test('never shows a password that is typed, nor keeps it in the history', async () => {
    const terminal = openTerminal(await clientOf(new MemoryReplica()))
    await terminal.sees('@1> ')
    terminal.type('u ann\r')
    await terminal.sees('Choose a password: ')
    terminal.type('top secret\r')
    await terminal.sees('The same again: ')
    terminal.type('top secret\r')
    await terminal.sees('ann@1> ')
    terminal.type('\u001b[A')
    await terminal.sees('ann@1> u ann')
    expect(terminal.shown()).not.toContain('secret')
    terminal.type('\u0004\u0015\u0004')
    await terminal.over
  })

  test('never shows a password that is typed before it is asked for, nor keeps it in the history', async () => {
    const terminal = openTerminal(await clientOf(new MemoryReplica()))
    await terminal.sees('@1> ')
    terminal.type('u ann\rtop secret\rtop sec')
    await terminal.sees('The same again: ')
    terminal.type('ret\r')
    await terminal.sees('ann@1> ')
    terminal.type('\u001b[A')
    await terminal.sees('ann@1> ', 2)
    expect(terminal.shown()).toContain('ann@1> u ann')
    expect(terminal.shown()).not.toMatch(/secret|sec\b/)
    terminal.type('\u0004\u0015\u0004')
    await terminal.over
  })

  test('shows new mail above the line that is being typed', async () => {
    const replica = new MemoryReplica()
    const bob = await signedUp(replica, 'bob')
    const terminal = openTerminal(await signedUp(replica, 'ann'))
    await terminal.sees('ann@1> ')
    terminal.type('people b')
    await terminal.sees('people b')
    await bob.send({ to: ['ann'], subject: 'news', body: '' })
    await terminal.sees('New mail from bob: news')
    const after = terminal.shown().slice(terminal.shown().indexOf('news'))
    expect(after).toMatch(/^news\n/)
    expect(after).toContain('people b')
    terminal.type('\r')
    await terminal.sees('online')
    terminal.type('quit\r')
    await terminal.over
  })
})
