import type { StatusInfo } from '../api/contract.ts'
import type { NetworkSeat } from '../api/group-contract.ts'
import type { ServerId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { ClientContext } from './client-context.ts'
import type { Session } from './session.ts'

/**
 * How much of the group the server knows: all of it; all of it now, when something that another seat was known to hold has come since it was
 * asked first; or less.
 */
export type Reach = 'all' | 'all by now' | 'less'

/** Waits for a moment where a merge is not over. */
export const reachOf = async ({ link, ports: { clock } }: ClientContext): Promise<Reach> => {
  const { seats, matrix, vector } = await link.call((api) => api.status())
  if (!seats.every(({ connected }) => connected)) return 'less'
  if (covers(vector, matrix)) return 'all'
  for (let tries = 0; tries < limits.catchUpTries; tries += 1) {
    await new Promise<void>((over) => clock.after(limits.catchUpLookMs, over))
    if (covers((await link.call((api) => api.status())).vector, matrix)) return 'all by now'
  }
  return 'less'
}

/** Whether the server lacks nothing that it knows of. Asked after something has come, it says whether all has come that was known of then. */
export const isCaughtUp = async (context: ClientContext, session: Session): Promise<boolean> => {
  return hasAllItKnows(await context.ask(session, (api) => api.status()))
}

export const hasAllItKnows = ({ matrix, vector }: StatusInfo): boolean => covers(vector, matrix)

/** Servers in use that the present one cannot reach now. */
export const unreachableOf = async (context: ClientContext, session: Session): Promise<readonly ServerId[]> => {
  const [members, view] = await Promise.all([
    context.ask(session, (api) => api.members()),
    context.ask(session, (api) => api.view()),
  ])
  return members.map(({ server }) => server).filter((server) => !view.servers.includes(server))
}

/** Whether all servers in use can be reached. */
export const isTogether = async (context: ClientContext, session: Session): Promise<boolean> =>
  (await unreachableOf(context, session)).length === 0

/** When the present server has heard each of the other servers in use last, in milliseconds since 1970 by its clock. */
export type Hearing = ReadonlyMap<ServerId, number | null>

export const hearingOf = async (context: ClientContext, session: Session): Promise<Hearing> =>
  new Map((await others(context, session)).map(({ server, lastSeenAt }) => [server, lastSeenAt]))

/**
 * Other servers in use that the present one has not heard since `before`: they may be cut off, also if that has not been noticed yet, which takes up to
 * 3 s. Waits some heartbeats for those that count as reachable.
 */
export const unheardSince = async (
  context: ClientContext,
  session: Session,
  before: Hearing,
): Promise<readonly ServerId[]> => {
  for (let tries = 0; ; tries += 1) {
    const unheard = (await others(context, session)).filter(
      ({ server, state, lastSeenAt }) => state !== 'connected' || lastSeenAt === before.get(server),
    )
    const isWorthWaiting = unheard.length > 0 && unheard.every(({ state }) => state === 'connected')
    if (!isWorthWaiting || tries === limits.catchUpTries) return unheard.map(({ server }) => server)
    await new Promise<void>((over) => context.ports.clock.after(limits.catchUpLookMs, over))
  }
}

const others = async (context: ClientContext, session: Session): Promise<readonly NetworkSeat[]> => {
  const { seats } = await context.ask(session, (api) => api.network())
  return seats.filter(({ state }) => state !== 'free' && state !== 'here')
}

const covers = (vector: StatusInfo['vector'], matrix: StatusInfo['matrix']): boolean =>
  Object.values(matrix).every((row) => Object.entries(row).every(([origin, held]) => (vector[origin] ?? 0) >= held))
