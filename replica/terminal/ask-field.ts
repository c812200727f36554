import { QuintetError, type ErrorCode } from '../core/model/errors.ts'
import type { Sitting } from './command.ts'
import { failureLine } from './failure-line.ts'

/** What can be mended where it was written. */
const ofField: ReadonlySet<ErrorCode> = new Set(['BAD_REQUEST', 'BAD_NAME', 'TOO_MANY', 'TOO_LARGE', 'NO_SUCH_ACCOUNT'])

/**
 * What `take` makes of a field: of `given`, or of what is asked for where that is empty. What it refuses is asked for again, with what was written
 * to be mended; over a pipe, where the next line is another field's, it is thrown.
 */
export const askField = async <Value>(
  { screen, layout }: Sitting,
  prompt: string,
  given: string,
  take: (text: string) => Value | Promise<Value>,
): Promise<Value> => {
  let text = given === '' ? await screen.question(prompt) : given
  for (;;) {
    try {
      return await take(text)
    } catch (error) {
      if (!screen.isTyped || !(error instanceof QuintetError) || !ofField.has(error.code)) throw error
      screen.print(`${layout().style.failure(failureLine(error))} Mend it, or press Ctrl-C to leave.`)
      text = await screen.question(prompt, text)
    }
  }
}
