import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'

import { limits } from '../../replica/core/model/limits.ts'
import { localFiles } from '../../replica/local-files.ts'
import { runInteractiveTerminal, type Outcome } from '../../replica/terminal/interactive-terminal.ts'
import { signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

interface Sat {
  readonly text: string
  readonly outcome: Outcome
}

type Input = PassThrough & { isTTY?: boolean }

/** A sitting of somebody called ann, whose lines are there before it begins. */
const sit = async (
  replica: MemoryReplica,
  lines: readonly string[],
  input: Input = new PassThrough(),
): Promise<Sat> => {
  const output = new PassThrough()
  let text = ''
  output.on('data', (chunk: Buffer) => (text += chunk.toString()))
  input.end(lines.map((line) => `${line}\n`).join(''))
  const client = await signedUp(replica, 'ann')
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

test('a person who types sees what was refused, goes on with commands, and has nothing told by an exit code', async () => {
  const input = Object.assign(new PassThrough(), { isTTY: true })
  const { text, outcome } = await sit(new MemoryReplica(), ['m zed', 'v', 'frob'], input)
  expect(text).toMatch(/Nobody here is called zed[^]*View 1/)
  expect(outcome).toBe('done')
})
