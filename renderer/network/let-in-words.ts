import type { LetIn, LetInBy } from '../../replica/client/contract/group.ts'
import { pastTime } from '../base/moments.ts'
import { formatList, text } from '../locales/i18n.ts'

/** What it is called; a machine that never took a seat has its key's name only. */
export const letInName = ({ name, machine }: Pick<LetIn | LetInBy, 'name' | 'machine'>): string =>
  name ?? text('network.letIn.key', { key: machine ?? '' })

/** Who let it in, when, and whether it is here now. */
export const letInWords = ({ state, by, at, connected }: LetIn, nowMs: number): string =>
  [
    text(`network.letIn.states.${state}`),
    by.length === 0
      ? text('network.letIn.byUnknown')
      : text('network.letIn.by', { names: formatList(by.map((member) => letInName(member))) }),
    ...(at === null ? [] : [pastTime(at, nowMs)]),
    ...(connected ? [text('network.letIn.connected')] : []),
  ].join(' · ')
