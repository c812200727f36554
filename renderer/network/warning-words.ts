import type { Warning, WarningCode } from '../../replica/client/contract/group.ts'
import type { ServerId } from '../../replica/core/model/ids.ts'
import { duration } from '../base/moments.ts'
import { text, textOf } from '../locales/i18n.ts'
import { english } from '../locales/messages.ts'

const secondMs = 1_000

const isKnown = (code: string): code is WarningCode => Object.hasOwn(english.network.warning, code)

/** A warning of the server `here` in the window's language; of a later version's, the sentence that came with it. */
export const warningWords = (
  { code, sentence, words }: Warning,
  here: ServerId,
  nameOf: (server: ServerId) => string,
): string => {
  if (!isKnown(code)) return sentence
  const nameIn = (word: string): string => {
    const server = words[word]
    return typeof server === 'number' ? nameOf(server as ServerId) : ''
  }
  const numberIn = (word: string): number => Number(words[word] ?? 0)
  const seconds = numberIn('seconds')
  const named = {
    here: nameOf(here),
    name: nameIn('server'),
    server: numberIn('server'),
    witness: nameIn('witness'),
    span: duration(Math.abs(seconds) * secondMs),
  }
  if (code === 'clockOff' && seconds < 0) return text('network.warning.clockBehind', named)
  return textOf(`network.warning.${code}`, numberIn('count'), named)
}
