import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { type ErrorCode, QuintetError } from '../../replica/core/model/errors.ts'

/** Keeps a log-in over restarts of the program. */
export interface LogInKeeper {
  /** Null when none is kept, or when it cannot be read now. */
  read(): Promise<Uint8Array | null>
  keep(secret: Uint8Array): Promise<void>
  forget(): Promise<void>
}

/**
 * Whether log-ins last over a restart. `off`: the person does not want that. `notHere`: they have not said so, and the machine has no safe place now;
 * what it had one for earlier may be of use again. `asking`: whether it has one is not known yet.
 */
export type StayWish = 'on' | 'off' | 'notHere' | 'asking'

type KeptClient = Pick<MailClient, 'loggedInAs' | 'keptSession' | 'resumeSession'>

/** The kept log-in is of no use any more, whenever it is tried. */
const endsKeptLogIn: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NOT_ALLOWED',
  'NO_SUCH_ACCOUNT',
  'DAMAGED',
  'NEWER_FORMAT',
])

/** Keeps who is logged in at a client, and goes on with who was. */
export class StayingSignedIn {
  #keeper: LogInKeeper | null = null
  #wish: StayWish = 'off'

  /** From now on log-ins are kept there. */
  keepIn(keeper: LogInKeeper): void {
    this.#keeper = keeper
  }

  /** `other`: it was another before. */
  become(wish: StayWish): 'same' | 'other' {
    if (wish === this.#wish) return 'same'
    this.#wish = wish
    return 'other'
  }

  /** Goes on with the kept log-in. One that cannot be tried now (no server can be reached) is kept for the next time. */
  async resume(client: KeptClient): Promise<void> {
    if (!isFree(client)) return
    const kept = this.#mayKeep ? await this.#keeper?.read().catch(() => null) : null
    if (kept === null || kept === undefined) return
    try {
      await client.resumeSession({ kept })
    } catch (error) {
      // Who has logged in meanwhile is kept by now.
      if (!isFree(client)) return
      if (error instanceof QuintetError && endsKeptLogIn.has(error.code))
        await this.#keeper?.forget().catch(() => undefined)
    }
  }

  /** Keeps who is logged in now; forgets what was kept when nobody is, or when that is not wanted. */
  keep(client: KeptClient | null): void {
    const isKept = this.#mayKeep && client !== null && client.loggedInAs !== null
    const done = isKept ? this.#keeper?.keep(client.keptSession()) : this.#keeper?.forget()
    // A log-in that cannot be kept is asked for again at the next start.
    void done?.catch(() => undefined)
  }

  get #mayKeep(): boolean {
    return this.#wish === 'on' || this.#wish === 'asking'
  }
}

const isFree = ({ loggedInAs }: KeptClient): boolean => loggedInAs === null
