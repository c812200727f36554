import type { Person } from '../../replica/client/contract/people.ts'
import type { ServerId } from '../../replica/core/model/ids.ts'
import { formatList, text } from '../locales/i18n.ts'
import { isEveryone, isSameName } from '../mail/recipients.ts'

const deletedMark = '~deleted'

/** Whether this is no name of an account that is there: empty, or the one by which the person knew it with a mark that is in no name. */
export const isDeleted = (name: string): boolean => name === '' || name.endsWith(deletedMark)

/** All people are called by a word of the window's language, by which a person can be called, too: who is says so. */
export const shownName = (name: string): string => {
  if (isDeleted(name)) return `${name.slice(0, -deletedMark.length)} ${text('people.deleted')}`.trimStart()
  if (isEveryone(name)) return text('common.everyone')
  return isSameName(name, text('common.everyone')) ? text('people.namedLikeAll', { name }) : name
}

/** "Anna, Ben and everyone". */
export const shownNames = (names: readonly string[]): string => formatList(names.map((name) => apart(shownName(name))))

/** What is written from right to left would turn what is around it, so that names stood in another order: it is set apart (FSI, PDI). */
const apart = (name: string): string =>
  /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(name)
    ? `\u2068${name}\u2069`
    : name

/** Whether a person is there, and at whose machine. */
export const presenceWords = ({ online, servers }: Person, nameOf: (server: ServerId) => string): string => {
  if (!online) return text('people.offline')
  return servers.length === 0
    ? text('people.online')
    : text('people.onlineAt', { names: formatList(servers.map(nameOf)) })
}
