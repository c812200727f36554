import { randomBytes } from 'node:crypto'
import { connectReplica } from './api/remote-replica.ts'
import type { MailClient } from './client/contract/mail-client.ts'
import { createMailClient } from './client/mail-client.ts'
import type { SearchStart } from './client/search/search-desk.ts'
import { QuintetError } from './core/model/errors.ts'
import type { ServerId } from './core/model/ids.ts'
import { createClientStore } from './drivers/client-store.ts'
import { loadAttachment, loadInstall } from './drivers/install-file.ts'
import { createClientDialer } from './drivers/libp2p-client.ts'
import { systemClock } from './drivers/system-clock.ts'

const dialTimeoutMs = 3_000

/**
 * A client of the replica that keeps `directory`, or of another server that it knows. An app has the search index made ready
 * `atLogIn`. DIRECTORY_NOT_A_GROUP, UNREACHABLE.
 */
export const connectClient = async (
  directory: string,
  first: ServerId | null,
  searchStart: SearchStart = 'atFirstSearch',
): Promise<MailClient> => {
  const install = await loadInstall(directory)
  if (install === null) {
    throw new QuintetError(
      'DIRECTORY_NOT_A_GROUP',
      `No replica keeps its state in ${directory}. Start one there first: npm run replica -- --data ${directory} --create NAME`,
    )
  }
  const dialer = await createClientDialer({ groupKey: install.groupKey, clock: systemClock })
  return createMailClient({
    connect: async (server) => {
      const attachment = await loadAttachment(directory)
      const wanted = server ?? first ?? install.server
      const member = attachment?.members.get(wanted)
      if (attachment === null || member === undefined) {
        throw new QuintetError(
          'NO_SUCH_SERVER',
          `No address is known of server ${wanted}. Is a replica running with --data ${directory}?`,
        )
      }
      const stream = await dialer.dial(member.peer, member.addresses, dialTimeoutMs)
      const adminToken = wanted === install.server ? attachment.adminToken : null
      return connectReplica({ stream, adminToken, clock: systemClock })
    },
    random: randomBytes,
    store: createClientStore(`${directory}/client`),
    searchStart,
    clock: systemClock,
  })
}
