import type { Person } from '../../replica/client/contract/people.ts'
import type { ServerId } from '../../replica/core/model/ids.ts'
import { formatList, text } from '../locales/i18n.ts'
import { everyone } from '../mail/recipients.ts'

/** A deleted account has no name any more. */
export const shownName = (name: string): string => {
  if (name === '') return text('people.deleted')
  return name === everyone ? text('common.everyone') : name
}

/** "Anna, Ben and everyone". */
export const shownNames = (names: readonly string[]): string => formatList(names.map(shownName))

/** Whether a person is there, and at whose machine. */
export const presenceWords = ({ online, servers }: Person, nameOf: (server: ServerId) => string): string => {
  if (!online) return text('people.offline')
  return servers.length === 0
    ? text('people.online')
    : text('people.onlineAt', { names: formatList(servers.map(nameOf)) })
}
