import type { Result } from '../core/model/errors.ts'
import { fail, succeed } from '../core/model/errors.ts'
import { isEveryone } from '../core/model/everyone.ts'
import { limits } from '../core/model/limits.ts'

// Characters that end a line, or turn the direction of what is around a name, could pass one name off as another.
const notInLabels = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

/** A person's name as it may be signed up: BAD_NAME says what is wrong. It is to be normalised (NFC) before. */
export function checkName(name: string): Result<string> {
  if (name.trim() === '') return fail('BAD_NAME', 'A name cannot be empty.')
  if (Array.from(name).length > limits.nameChars) {
    return fail('BAD_NAME', `A name can have ${limits.nameChars} characters at most.`)
  }
  if (name.trim() !== name) return fail('BAD_NAME', 'A name cannot begin or end with a space.')
  if (isEveryone(name)) return fail('BAD_NAME', 'This name stands for all accounts: choose another one.')
  if (name.includes('~')) return fail('BAD_NAME', 'A name cannot contain "~": it marks names that were taken twice.')
  if (!isLabel(name)) return fail('BAD_NAME', 'A name cannot contain control characters.')
  if (name.normalize('NFC') !== name) return fail('BAD_NAME', 'A name must be in Unicode form NFC.')
  return succeed(name)
}

/** Text that is shown in one line: groups' and machines' names. */
export const isLabel = (text: string): boolean => !notInLabels.test(text)
