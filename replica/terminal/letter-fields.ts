import type { MailClient } from '../client/contract/mail-client.ts'
import { QuintetError } from '../core/model/errors.ts'
import { isEveryone } from '../core/model/everyone.ts'
import { foldName } from '../core/model/fold-name.ts'
import { limits } from '../core/model/limits.ts'
import { askField } from './ask-field.ts'
import { accountNamed, type Sitting } from './command.ts'
import { shownName } from './mail-view.ts'
import { checkKnown } from './social-commands.ts'

export interface Addresses {
  readonly to: readonly string[]
  readonly cc: readonly string[]
}

/** Those that `check` finds nothing wrong with; TOO_MANY over a pipe. */
export const askAddresses = (
  sitting: Sitting,
  given: string,
  check: (addresses: Addresses) => void | Promise<void>,
): Promise<Addresses> =>
  askField(sitting, 'To (names, with commas): ', given, async (text) => {
    const addresses = await addressesOf(sitting.client, text)
    const count = new Set([...addresses.to, ...addresses.cc]).size
    if (count > limits.recipients)
      throw new QuintetError(
        'TOO_MANY',
        `A mail can have ${limits.recipients} recipients at most; this one has ${count}.`,
      )
    await check(addresses)
    return addresses
  })

/** TOO_LARGE over a pipe. */
export const askSubject = (sitting: Sitting): Promise<string> =>
  askField(sitting, 'Subject: ', '', (subject) => {
    const count = Array.from(subject).length
    if (count > limits.subjectChars)
      throw new QuintetError(
        'TOO_LARGE',
        `A subject can have ${limits.subjectChars} characters at most; this one has ${count}.`,
      )
    return subject
  })

/** Names with commas; those after "cc:" have a copy. */
const addressesOf = async (client: MailClient, text: string): Promise<Addresses> => {
  const [to = '', cc = ''] = text.split(/\bcc:/i)
  const { accounts } = text.includes(',') ? await client.accounts({ like: ',' }) : { accounts: [] }
  const withComma = new Set(accounts.map(({ name }) => foldName(name)))
  return { to: namesOf(to, withComma), cc: namesOf(cc, withComma) }
}

/** A comma stands between two names, unless somebody is called so. */
const namesOf = (text: string, withComma: ReadonlySet<string>): readonly string[] => {
  const names: string[] = []
  for (let rest = text.split(','); rest.length > 0;) {
    const upTo = (pieces: number): string => rest.slice(0, pieces).join(',').trim()
    let pieces = withComma.size === 0 ? 1 : rest.length
    while (pieces > 1 && !withComma.has(foldName(upTo(pieces)))) pieces -= 1
    names.push(upTo(pieces))
    rest = rest.slice(pieces)
  }
  return names.filter((name) => name !== '')
}

/** In a partition somebody may be known on the other side only: the mail will wait. NO_SUCH_ACCOUNT, NAME_CHANGED_HANDS. */
export const checkNames = async ({ client, screen }: Sitting, names: readonly string[]): Promise<void> => {
  const asked = names.filter((name) => !isEveryone(name))
  await checkKnown(client, asked)
  const known = await Promise.all(asked.map((name) => accountNamed(client, name)))
  const unknown = asked.filter((_, index) => known[index] === undefined)
  if (unknown.length === 0) return
  const { seats } = await client.status()
  if (seats.every(({ connected }) => connected))
    throw new QuintetError('NO_SUCH_ACCOUNT', `Nobody here is called ${unknown.join(', ')}.`)
  screen.print(`${unknown.map(shownName).join(', ')}: not known on this side. The mail will wait until they are.`)
}
