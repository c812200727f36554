import { QuintetError } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import type { ClientClock } from './client-ports.ts'
import type { Connection, KnownServers, Patience } from './link-connection.ts'

export interface FirstConnectionOptions {
  /** All servers that may be taken have been tried once when it is rejected. */
  readonly tryOnce: () => Promise<Connection>
  readonly servers: KnownServers
  readonly clock: ClientClock
  readonly patience: Patience
}

/**
 * The connection with which a client starts. Where nobody is, that is told at once, unless it may be starting; one that is there and slow
 * is tried again. UNREACHABLE, NO_SUCH_SERVER; TIMEOUT when those who are there do not answer.
 */
export const firstConnection = async (options: FirstConnectionOptions): Promise<Connection> => {
  const { tryOnce, servers, clock } = options
  const startMs = clock.nowMs()
  for (;;) {
    try {
      return await tryOnce()
    } catch (error) {
      const isSlow = error instanceof QuintetError && error.code === 'TIMEOUT'
      const mostMs = isSlow ? await slowMostMs(options) : (servers.startingMs ?? 0)
      const triedMs = clock.nowMs() - startMs
      if (triedMs >= mostMs) throw isSlow ? noAnswer(servers, triedMs) : error
      if (!isSlow) await new Promise<void>((over) => clock.after(limits.startingLookMs, over))
    }
  }
}

/**
 * The server that was asked for hangs if it is near, says nothing and, as far as that can be seen, does nothing. Where any server will do,
 * one of them may yet answer.
 */
const slowMostMs = async ({ servers: { home, homePulse }, patience }: FirstConnectionOptions): Promise<number> => {
  if (home === 'none' || home === 'unnamed' || patience.isFar) return limits.firstConnectMs
  return (await homePulse?.()) === 'works' ? limits.firstConnectMs : limits.connectMs
}

const noAnswer = ({ home, start }: KnownServers, triedMs: number): QuintetError => {
  const seconds = Math.round(triedMs / 1_000)
  return new QuintetError(
    'TIMEOUT',
    start === 'at home' && home !== 'none'
      ? `Server ${home} has not answered for ${seconds} s: it hangs or is very busy, or nothing gets through to it. Another one may answer.`
      : `No server has answered for ${seconds} s: those that run hang or are very busy, or nothing gets through to them.`,
  )
}
