import type { ClientClock, ClientStore, RandomBytes } from './client-ports.ts'
import { ClientContext } from './client-context.ts'
import type { MailClient } from './contract/mail-client.ts'
import { Documents } from './documents.ts'
import { groupPart } from './group-part.ts'
import { passwordCost, type PasswordCost } from './key-lock.ts'
import { KnownPeople } from './known-people.ts'
import { LogInsHere } from './log-ins-here.ts'
import { mailboxPart } from './mailbox-part.ts'
import { peoplePart } from './people-part.ts'
import type { ConnectReplica, KnownServers } from './link-connection.ts'
import { timelinePart } from './timeline-part.ts'
import { unpostedPart } from './unposted.ts'
import { TrashDiary } from './trash-diary.ts'
import { SearchDesk, type SearchStart } from './search/search-desk.ts'

export interface MailClientOptions {
  readonly connect: ConnectReplica
  /** The name of the machine that the client runs on: what another session of the person is told when this one takes over. */
  readonly machine: string
  /** Where the client can go on when its server goes away. Left out: nowhere else. */
  readonly servers?: KnownServers
  readonly random: RandomBytes
  readonly clock: ClientClock
  /** Where a client keeps things of its own, such as the search index; without one they live in memory only. */
  readonly store?: ClientStore
  /** `atFirstSearch` unless said otherwise. */
  readonly searchStart?: SearchStart
  /** For tests, which cannot wait for the real cost. */
  readonly passwordCost?: PasswordCost
}

const nowhereElse: KnownServers = { home: 'unnamed', list: () => Promise.resolve([]) }

/** A client of the replica that `connect(null)` reaches. UNREACHABLE. */
export const createMailClient = async (options: MailClientOptions): Promise<MailClient> => {
  const { connect, machine, random, clock, passwordCost: cost = passwordCost, store = null } = options
  const context = new ClientContext({ machine, random, clock, passwordCost: cost })
  const documents = new Documents(context)
  const memories = { people: new KnownPeople(context, documents), diary: new TrashDiary(context, documents) }
  const search = new SearchDesk(context, {
    store,
    people: memories.people,
    start: options.searchStart ?? 'atFirstSearch',
  })
  const logIns = new LogInsHere(store, () => context.groupId)
  const people = peoplePart(context, { ...memories, logIns })
  const client: MailClient = {
    ...people,
    deleteAccount: async () => {
      const session = context.person()
      await people.deleteAccount()
      await search.forget(session)
    },
    ...mailboxPart(context, search, memories),
    ...timelinePart(context, memories.people),
    ...unpostedPart(context),
    ...groupPart(context),
    get loggedInAs() {
      return context.session?.name ?? null
    },
    get account() {
      return context.session?.account ?? null
    },
    get server() {
      return context.link.group.serverId
    },
    connect: async ({ server }) => {
      await context.link.moveTo(server)
      context.directory.forgetAll()
    },
    onEvent: (listener) => {
      context.tellTo(listener)
    },
    close: async () => {
      await search.close()
      await context.close()
    },
  }
  await context.open(connect, options.servers ?? nowhereElse)
  return client
}
