import type { Result } from '../core/model/errors.ts'
import { fail, succeed } from '../core/model/errors.ts'
import { isEveryone } from '../core/model/everyone.ts'
import { foldName } from '../core/model/fold-name.ts'
import { limits } from '../core/model/limits.ts'

/** What tells names apart that were taken twice. */
const suffix = /(?:~[1-9][0-9]*){1,2}$/

// Characters that end a line, or turn the direction of what is around a name, could pass one name off as another.
const notInLabels = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

const invisible = /[\p{Default_Ignorable_Code_Point}\u2800]/u
/** Made when a name has something unseen: to make it takes longer than to read a thousand mails. */
const emoji = (): RegExp => /\p{RGI_Emoji}/gv
const alphabets = [/\p{Script=Latin}/u, /\p{Script=Greek}/u, /\p{Script=Cyrillic}/u]

/** Some emoji are held together by characters that are not seen. */
const hasInvisible = (name: string): boolean => invisible.test(name) && invisible.test(name.replaceAll(emoji(), ''))

const mixesAlphabets = (word: string): boolean => alphabets.filter((alphabet) => alphabet.test(word)).length > 1

/** They stand for other characters where people are looked for. */
const wildcards = /[*?]/

/**
 * The name of an account that is made now. BAD_NAME as of `checkName`, and for one that a search could not tell from others. Earlier
 * versions made such accounts, so a replica takes them as they are.
 */
export const checkNewName = (name: string): Result<string> => {
  const checked = checkName(name)
  if (!checked.ok || !wildcards.test(foldName(name))) return checked
  return fail('BAD_NAME', 'A name cannot contain "*" and "?": people are looked for by them.')
}

/** A person's name as an account may have it: BAD_NAME says what is wrong. It is to be normalised (NFC) before. */
export function checkName(name: string): Result<string> {
  const formed = checkForm(name)
  if (!formed.ok) return formed
  if (isEveryone(name)) return fail('BAD_NAME', 'This name stands for all accounts: choose another one.')
  if (name.split(' ').some(mixesAlphabets)) {
    const message =
      'A word of a name has letters of one alphabet only: others look alike, and could pass for another person.'
    return fail('BAD_NAME', message)
  }
  if (name.normalize('NFC') !== name) return fail('BAD_NAME', 'A name must be in Unicode form NFC.')
  return succeed(name)
}

/**
 * What somebody may be looked for by: BAD_NAME when nobody can be called so. Names that look alike are one name, and one that
 * was taken twice has a suffix, so this is less strict than `checkName`.
 */
export const checkSoughtName = (name: string): Result<string> => {
  const formed = checkForm(name.replace(suffix, ''))
  return formed.ok ? succeed(name) : formed
}

const checkForm = (name: string): Result<string> => {
  if (name.trim() === '') return fail('BAD_NAME', 'A name cannot be empty.')
  if (Array.from(name).length > limits.nameChars) {
    return fail('BAD_NAME', `A name can have ${limits.nameChars} characters at most.`)
  }
  if (name.trim() !== name) return fail('BAD_NAME', 'A name cannot begin or end with a space.')
  if (name.includes('~')) return fail('BAD_NAME', 'A name cannot contain "~": it marks names that were taken twice.')
  if (!isLabel(name)) return fail('BAD_NAME', 'A name cannot contain control characters.')
  if (hasInvisible(name)) return fail('BAD_NAME', 'A name cannot contain characters that nobody sees.')
  return succeed(name)
}

/** Text that is shown in one line: groups' and machines' names. */
export const isLabel = (text: string): boolean => !notInLabels.test(text)
