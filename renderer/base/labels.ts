import type { MessageKey } from '../locales/messages.ts'

/** As the replica decides it (`replica/wire/names.ts`): what ends a line, or turns the direction of what is around it. */
const unseen = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u

/** What is wrong with a group's or a machine's name; null when nothing is. How long it may be the field says. */
export const labelFault = (name: string): MessageKey | null => {
  if (name.trim() === '') return 'firstRun.nameMissing'
  return unseen.test(name.trim()) ? 'firstRun.nameUnseen' : null
}
