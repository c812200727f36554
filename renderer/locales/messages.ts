import { account } from './en/account.ts'
import { common } from './en/common.ts'
import { errors } from './en/errors.ts'
import { firstRun } from './en/first-run.ts'
import { mail } from './en/mail.ts'
import { network } from './en/network.ts'
import { people } from './en/people.ts'
import { settings } from './en/settings.ts'
import { shell } from './en/shell.ts'
import { timeline } from './en/timeline.ts'

/** English is the measure: other languages have exactly its keys. One file a domain. */
export const english = { account, common, errors, firstRun, mail, network, people, settings, shell, timeline }

/** Whether there is a text for this code; a later version may have others. */
export const isErrorCode = (code: string): code is keyof typeof errors => Object.hasOwn(errors, code)

/** The same keys, other words. */
export type Translated<Texts> = {
  readonly [Key in keyof Texts]: Texts[Key] extends string ? string : Translated<Texts[Key]>
}

export type Messages = Translated<typeof english>

type Paths<Texts> = {
  [Key in keyof Texts & string]: Texts[Key] extends string ? Key : `${Key}.${Paths<Texts[Key]>}`
}[keyof Texts & string]

/** `mail.folders.inbox` and the like: a misspelt key is a type error. */
export type MessageKey = Paths<typeof english>
