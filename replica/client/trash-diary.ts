import { clockToMs } from '../core/model/clock.ts'
import { anyTag, type Clock } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { BulkMark } from '../core/model/mailbox-changes.ts'
import type { Meant } from '../core/model/meant.ts'
import type { ClientContext } from './client-context.ts'
import type { Documents } from './documents.ts'
import { ownDocuments } from './own-documents.ts'
import { Remembered } from './remembered.ts'
import type { Session } from './session.ts'

const msPerDay = 86_400_000
const msPerSecond = 1_000
/** By then a mail is deleted, or the person has not been here for two months: it stays in the trash. */
const rememberedDays = limits.trashDays * 3

const memory = {
  document: ownDocuments.trashDiary,
  most: limits.rememberedTrash,
  forMs: rememberedDays * msPerDay,
  everyMs: limits.rememberTrashEveryMs,
}

const isIn = 'in'
/** Said again only of what has been in the trash: so that an older version of the document does not put it there. */
const isOut = 'out'
/** The time by which what was put there is to be gone. No mail is called so. */
const emptied = 'emptied'

/** Which mails the person has put into the trash, and when: a client deletes nothing by itself on a server's word alone. */
export class TrashDiary {
  readonly #context: ClientContext
  readonly #mails: Remembered

  constructor(context: ClientContext, documents: Documents) {
    this.#context = context
    this.#mails = new Remembered(context, documents, memory)
  }

  /** The person has marked these, at `clock` as the server has it: this machine's may be behind, and what it dates would be deleted too soon. */
  async note(session: Session, mark: BulkMark, mails: readonly Meant[], clock: Clock): Promise<void> {
    if (mark !== 'trash' && mark !== 'restore' && mark !== 'delete') return
    await this.#mails.ready(session)
    for (const mail of mails) {
      const name = nameOf(mail)
      if (mark === 'delete') this.#mails.forget(session, name)
      else if (mark === 'trash' && mail.tag !== anyTag)
        this.#mails.set(session, name, isIn, Math.max(clockToMs(clock), this.#emptiedMs() + msPerSecond))
      else if (this.#mails.get(name) !== null) this.#mails.set(session, name, isOut)
    }
    // What was taken out is not to be deleted on a server's word because this client ended, or was taken over, too soon.
    if (mark === 'restore') await this.#mails.flush(session)
  }

  /** By when it was put there what is in the trash now: milliseconds since 1970. */
  async now(session: Session): Promise<number> {
    await this.#mails.ready(session)
    // What a server dated that is ahead of this machine is in it, too.
    const dates = Array.from(this.#mails.all(), ([name]) => this.#mails.sinceMs(name) ?? 0)
    return Math.max(this.#context.ports.clock.nowMs(), ...dates.filter((at) => at <= this.#latestMs()))
  }

  /** The person has deleted all that was put there until then: also what comes later, or is at another server. Fulfilled when that is durable, or cannot be made so. */
  async emptied(session: Session, untilMs: number): Promise<void> {
    this.#mails.set(session, emptied, String(Math.floor(untilMs)))
    await this.#mails.save(session).catch(() => undefined)
  }

  /** Those that the person put into the trash before it was emptied, and that were not deleted by that as far as this client knows. */
  async rest(session: Session): Promise<Due> {
    return this.before(session, this.#emptiedMs())
  }

  /** Milliseconds since 1970; 0: never, or by a clock that was far ahead, of which nothing follows. */
  #emptiedMs(): number {
    const at = Number(this.#mails.get(emptied) ?? 0)
    return at <= this.#latestMs() ? at : 0
  }

  #latestMs(): number {
    return this.#context.ports.clock.nowMs() + msPerDay
  }

  /** Whether that is the last that the person is known to have done with it. */
  isTakenOut(mail: Meant): boolean {
    return this.#mails.get(nameOf(mail)) === isOut
  }

  /** Those that the person put into the trash before `beforeMs`, and has not taken out since. */
  async before(session: Session, beforeMs: number): Promise<Due> {
    await this.#mails.ready(session)
    const names = [...this.#mails.olderThan(beforeMs)].filter(([, state]) => state === isIn).map(([name]) => name)
    return new Due(new Set(names))
  }
}

export class Due {
  readonly #names: ReadonlySet<string>

  constructor(names: ReadonlySet<string>) {
    this.#names = names
  }

  get ids(): readonly Meant['id'][] {
    return Array.from(this.#names, (name) => name.slice(0, name.indexOf(' ')) as Meant['id'])
  }

  has(mail: Meant): boolean {
    return this.#names.has(nameOf(mail))
  }
}

const nameOf = ({ id, tag }: Meant): string => `${id} ${tag}`
