import { PassThrough } from 'node:stream'

import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { localFiles } from '../../replica/local-files.ts'
import type { InteractiveTerminalOptions } from '../../replica/terminal/interactive-terminal.ts'

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
