import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'

import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { localFiles } from '../../replica/local-files.ts'
import { runInteractiveTerminal, type Outcome } from '../../replica/terminal/interactive-terminal.ts'
import { clientOf, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

interface Sat {
  readonly text: string
  readonly outcome: Outcome
}

type Input = PassThrough & { isTTY?: boolean }

/** A sitting of somebody called ann, whose lines are there before it begins. */
const sit = async (replica: MemoryReplica, lines: readonly string[], input: Input = new PassThrough()): Promise<Sat> =>
  carriedOut(await signedUp(replica, 'ann'), lines, input)

const carriedOut = async (
  client: MailClient,
  lines: readonly string[],
  input: Input = new PassThrough(),
): Promise<Sat> => {
  const output = new PassThrough()
  let text = ''
  output.on('data', (chunk: Buffer) => (text += chunk.toString()))
  input.end(lines.map((line) => `${line}\n`).join(''))
  const outcome = await runInteractiveTerminal({ client, files: localFiles, input, output, colors: 'off' })
  return { text, outcome }
}

/** What a letter has after its recipients; each of these lines would be a command. */
const letter = ['post the subject', 'post the body', '', 'logout', '.']

describe('a terminal whose lines come over a pipe', () => {
  test.each(['m zed', 'm ,', 're 1', 're', 'm ann, zed cc: zed'])(
    'takes no line of a mail for a command when the mail is refused: %s',
    async (refused) => {
      const replica = new MemoryReplica()
      const { text, outcome } = await sit(replica, [refused, ...letter, 'v'])
      expect(replica.posts).toEqual([])
      expect(text).not.toMatch(/Logged out|There is no command/)
      expect(text.match(/View 1/g)).toHaveLength(1)
      expect(outcome).toBe('failed')
    },
  )

  test('nor when nobody is logged in, whatever was to be asked for', async () => {
    const replica = new MemoryReplica()
    const { text } = await sit(replica, ['logout', 'm', 'ann', ...letter, 'v'])
    expect(text.match(/View 1/g)).toHaveLength(1)
    expect(text).not.toContain('There is no command')
  })

  test('goes on with commands behind a mail that was refused when it was written', async () => {
    const replica = new MemoryReplica()
    const tooLong = 's'.repeat(limits.subjectChars + 1)
    const { text, outcome } = await sit(replica, ['m ann', tooLong, 'the body', '.', 'v'])
    expect(text).toContain(`${limits.subjectChars} characters`)
    expect(text.match(/View 1/g)).toHaveLength(1)
    expect(outcome).toBe('failed')
  })

  test('passes over all that is left when a refused mail does not end', async () => {
    const { text, outcome } = await sit(new MemoryReplica(), ['m zed', 'v', 'v'])
    expect(text).toContain('Nobody here is called zed')
    expect(text).not.toContain('View 1')
    expect(outcome).toBe('failed')
  })

  test.each([
    ['done', ['m ann', 'subject', 'body', '.', 'l', 'help', '']],
    ['failed', ['frob', 'v']],
    ['failed', ['r 9', 'v']],
    ['failed', ['m ann', 'subject', 'a body that has no end']],
  ] as const)('tells whether all was %s: %j', async (expected, lines) => {
    expect((await sit(new MemoryReplica(), lines)).outcome).toBe(expected)
  })
})

describe('a password that comes over a pipe', () => {
  /** Ann's password is `post it`: taken for a command it would be seen. */
  const script = async (lines: readonly string[]) => {
    const replica = new MemoryReplica()
    const ann = await clientOf(replica)
    await ann.signUp({ name: 'ann', password: 'post it' })
    await ann.close()
    const sat = await carriedOut(await clientOf(replica), lines)
    expect(replica.posts).toEqual([])
    return sat
  }

  test('is no command the second time, where a sign-up was to be and the account is there', async () => {
    const { text, outcome } = await script(['u ann', 'post it', 'post it', 'v'])
    expect(text).toMatch(/Logged in as ann\.\nView 1/)
    expect(outcome).toBe('done')
  })

  test('is no command when it was not the right one', async () => {
    const { text, outcome } = await script(['u ann', 'post that', 'post that', 'v'])
    expect(text).toMatch(/wrong[^]*View 1/i)
    expect(text).not.toContain('Log in first')
    expect(outcome).toBe('failed')
  })

  test('is not shown when it was mistyped the second time', async () => {
    const { text, outcome } = await script(['u ann', 'post it', 'Post-it', 'v', 'frob'])
    expect(text).not.toContain('Post-it')
    expect(text).toMatch(/This is no command\.[^]*View 1[^]*There is no command "frob"/)
    expect(outcome).toBe('failed')
  })

  test('where a log-in was to be and there is no account, no part of a mail is a command', async () => {
    const { text, outcome } = await script(['u zed', 'post it', 'm ann', 'post the subject', 'post the body', '.', 'v'])
    expect(text).toContain('nothing was signed up')
    expect(text).not.toMatch(/View 1|There is no command/)
    expect(outcome).toBe('failed')
  })

  test.each(['u', 'password', 'phrase', 'recover'])('is no command when %s is refused', async (command) => {
    const { text, outcome } = await script([command, 'post it', 'post new', 'post new', 'v'])
    expect(text).toContain('it may be a password')
    expect(text).not.toContain('View 1')
    expect(outcome).toBe('failed')
  })
})

test('a person who types sees what was refused, goes on with commands, and has nothing told by an exit code', async () => {
  const input = Object.assign(new PassThrough(), { isTTY: true })
  const { text, outcome } = await sit(new MemoryReplica(), ['re 9', 'v', 'frob'], input)
  expect(text).toMatch(/No mail 9 has been listed[^]*View 1/)
  expect(outcome).toBe('done')
})
