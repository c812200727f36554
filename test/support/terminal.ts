import { PassThrough } from 'node:stream'

import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { localFiles } from '../../replica/local-files.ts'
import { runInteractiveTerminal, type InteractiveTerminalOptions } from '../../replica/terminal/interactive-terminal.ts'

type Run = (options: InteractiveTerminalOptions) => Promise<unknown>

/** What a terminal shows when these lines come over a pipe. */
export const shownBy = async (run: Run, client: MailClient, lines: readonly string[]): Promise<string> => {
  const [input, output] = [new PassThrough(), new PassThrough()]
  let text = ''
  output.on('data', (chunk: Buffer) => (text += chunk.toString()))
  input.end(`${lines.join('\n')}\n`)
  await run({ client, files: localFiles, input, output, colors: 'off' })
  return text
}

/** A terminal that a person sits at, in memory. */
export const openTerminal = (client: MailClient, columns = 80) => {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (): void => undefined })
  const output = Object.assign(new PassThrough(), { isTTY: true, columns })
  let text = ''
  const waiting = new Set<() => void>()
  output.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    for (const wake of waiting) wake()
  })
  /** Until it has been shown `times` times. */
  const sees = async (part: string, times = 1): Promise<void> => {
    while (text.split(part).length <= times) await new Promise<void>((wake) => waiting.add(wake))
    // Nobody types before the terminal has taken up what it shows.
    await new Promise((turn) => setImmediate(turn))
  }
  const leaving = new AbortController()
  const left = leaving.signal
  const over = runInteractiveTerminal({ client, files: localFiles, input, output, colors: 'off', left })
  const leave = (): void => {
    leaving.abort()
  }
  /** The window that it is in is closed. */
  const vanish = (): void => {
    input.setRawMode = () => void input.emit('error', new Error('setRawMode EIO'))
    output.destroy(new Error('write EIO'))
  }
  return { over, sees, leave, vanish, shown: () => text, type: (keys: string) => input.write(keys) }
}
