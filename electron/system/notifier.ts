import type { ClientEvent } from '../../replica/client/contract/events.ts'
import type { Header } from '../../replica/client/contract/mailbox.ts'
import { isDeletedName, nameBeforeDeletion } from '../../replica/core/model/deleted-name.ts'
import type { Strings } from './strings.ts'

export interface Notice {
  readonly title: string
  readonly body: string
  readonly silent: boolean
}

/** Shows a notice until it is closed; null where the system shows none. */
export type ShowNotice = (notice: Notice, clicked: () => void) => { close(): void } | null

export interface NotifierOptions {
  readonly show: ShowNotice
  readonly strings: () => Strings
  /** Whether the person wants them now: set so, and not looking at the window. */
  readonly isWanted: () => boolean
  readonly open: (mail: string | null) => void
}

/** Mails that come within this time of each other are told of together; a merge goes on for longer, so it is waited for up to `longestMs`. */
const quietMs = 700
const longestMs = 5_000
const namesShown = 3

/** One notification for what came together; silent for what was sent long ago. */
export class Notifier {
  readonly #options: NotifierOptions
  #fresh: Header[] = []
  #late: Header[] = []
  #timer: NodeJS.Timeout | null = null
  #firstAt = 0
  #shown: { close(): void } | null = null

  constructor(options: NotifierOptions) {
    this.#options = options
  }

  hear(event: ClientEvent): void {
    if (event.event !== 'mail' || event.header.own || event.header.read) return
    const group = event.late ? this.#late : this.#fresh
    group.push(event.header)
    const now = Date.now()
    if (this.#timer === null) this.#firstAt = now
    else clearTimeout(this.#timer)
    const delayMs = Math.max(0, Math.min(quietMs, this.#firstAt + longestMs - now))
    this.#timer = setTimeout(() => this.#tell(), delayMs)
  }

  /** A notice of the program's own. */
  say(title: string, body: string): void {
    this.#show({ title, body, silent: true }, null)
  }

  #tell(): void {
    this.#timer = null
    const [fresh, late] = [this.#fresh, this.#late]
    this.#fresh = []
    this.#late = []
    if (!this.#options.isWanted()) return
    const strings = this.#options.strings()
    const mails = fresh.length > 0 ? [...fresh, ...late] : late
    const [only] = mails
    if (only === undefined) return
    const silent = fresh.length === 0
    if (mails.length === 1) {
      this.#show({ title: senderOf(only, strings), body: subjectOf(only, strings), silent }, only.mail)
      return
    }
    const title = silent ? strings.lateMails(mails.length) : strings.newMails(mails.length)
    this.#show({ title, body: strings.from(namesOf(mails, strings)), silent }, null)
  }

  /** In place of the one before: there is one at a time. */
  #show(notice: Notice, mail: string | null): void {
    this.#shown?.close()
    this.#shown = this.#options.show(notice, () => this.#options.open(mail))
  }
}

/** A name alone would pass for whom the person knows by it. */
const senderOf = ({ from, fromAnother, unproven }: Header, strings: Strings): string => {
  if (unproven !== undefined) return strings.unproven
  if (fromAnother !== undefined) return strings.another(from)
  return isDeletedName(from) ? strings.deleted(nameBeforeDeletion(from)) : from
}

/** What nothing proves is not repeated. */
const subjectOf = ({ subject, unproven }: Header, strings: Strings): string => {
  if (unproven !== undefined) return strings.unprovenWhat
  return subject === '' ? strings.noSubject : subject
}

const namesOf = (mails: readonly Header[], strings: Strings): string => {
  const names = [...new Set(mails.map((mail) => senderOf(mail, strings)))]
  const shown = names.slice(0, namesShown).join(', ')
  return names.length > namesShown ? `${shown} …` : shown
}
