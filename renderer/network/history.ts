import type { ViewChange } from '../../replica/client/contract/group.ts'
import type { ServerId } from '../../replica/core/model/ids.ts'
import { duration } from '../base/moments.ts'
import { formatList, text, textOf } from '../locales/i18n.ts'
import { shortDate, timeOfDay } from '../mail/dates.ts'

export interface HistoryLine {
  readonly kind: 'start' | 'split' | 'merge' | 'change'
  readonly at: number
  readonly number: number
  /** "Split 14:05", "Merged 14:22". */
  readonly title: string
  /** Who left or came, for how long they were apart, and what came in. */
  readonly words: string
}

/** A cable that is pulled or put back is noticed machine by machine, within this time. */
const togetherMs = 10_000

/** The views' history in words, newest first as it is given. What several machines did together is one line. */
export const historyLines = (
  history: readonly ViewChange[],
  nameOf: (server: ServerId) => string,
  nowMs: number,
): readonly HistoryLine[] => linesOf(gathered(history), nameOf, nowMs)

const linesOf = (
  history: readonly ViewChange[],
  nameOf: (server: ServerId) => string,
  nowMs: number,
): readonly HistoryLine[] =>
  history.map((change, index) => {
    const kind = kindOf(change)
    const parts = [
      change.left.length > 0 ? text('network.history.left', { names: namesOf(change.left, nameOf) }) : '',
      change.joined.length > 0 ? cameWords(change, history.slice(index + 1), nameOf) : '',
      change.mailsIn > 0 ? textOf('network.history.mailsIn', change.mailsIn) : '',
    ]
    return {
      kind,
      at: change.at,
      number: change.number,
      title: text(`network.history.${kind}`, { time: momentWords(change.at, nowMs) }),
      words: parts.filter((part) => part !== '').join(' '),
    }
  })

/** Splits that follow each other at once, and merges that do, as one: with the view that they led to. */
const gathered = (history: readonly ViewChange[]): readonly ViewChange[] => {
  const lines: ViewChange[] = []
  for (const change of history) {
    const later = lines.at(-1)
    const kind = kindOf(change)
    const isOne = later !== undefined && kindOf(later) === kind && later.at - change.at <= togetherMs
    if (!isOne || kind === 'change' || kind === 'start') lines.push(change)
    else lines[lines.length - 1] = together(change, later)
  }
  return lines
}

const together = (earlier: ViewChange, later: ViewChange): ViewChange => ({
  ...later,
  at: earlier.at,
  joined: eachOnce([...earlier.joined, ...later.joined]),
  left: eachOnce([...earlier.left, ...later.left]),
  mailsIn: earlier.mailsIn + later.mailsIn,
})

/** One that came, went with a restart of this server, and came again is named once. */
const eachOnce = (servers: readonly ServerId[]): readonly ServerId[] => [...new Set(servers)].sort()

/** The time, with its day when that is not today. */
const momentWords = (at: number, nowMs: number): string => {
  const isToday = new Date(at).toDateString() === new Date(nowMs).toDateString()
  return isToday ? timeOfDay(at) : `${shortDate(at, nowMs)}, ${timeOfDay(at)}`
}

const kindOf = ({ joined, left, servers }: ViewChange): HistoryLine['kind'] => {
  if (servers.length <= 1 && joined.length === 0 && left.length === 0) return 'start'
  if (left.length > 0) return joined.length > 0 ? 'change' : 'split'
  return joined.length > 0 ? 'merge' : 'change'
}

/** Who came, and after how long apart when all of them left together before. */
const cameWords = (
  { joined, at }: ViewChange,
  before: readonly ViewChange[],
  nameOf: (server: ServerId) => string,
): string => {
  const names = namesOf(joined, nameOf)
  const leftAt = joined.map((server) => before.find(({ left }) => left.includes(server))?.at ?? null)
  const [first] = leftAt
  if (first === undefined || first === null || leftAt.includes(null)) return text('network.history.joined', { names })
  const earliest = Math.min(...leftAt.filter((moment) => moment !== null))
  return text('network.history.back', { names, span: duration(at - earliest) })
}

const namesOf = (servers: readonly ServerId[], nameOf: (server: ServerId) => string): string =>
  formatList(servers.map(nameOf))
