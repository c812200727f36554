import type { Person } from '../../replica/client/contract/people.ts'
import type { ServerId } from '../../replica/core/model/ids.ts'
import { formatList, text } from '../locales/i18n.ts'

/** Whether a person is there, and at whose machine. */
export const presenceWords = ({ online, servers }: Person, nameOf: (server: ServerId) => string): string => {
  if (!online) return text('people.offline')
  return servers.length === 0
    ? text('people.online')
    : text('people.onlineAt', { names: formatList(servers.map(nameOf)) })
}
