import { mount } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import BaseKeys from '../../renderer/base/BaseKeys.vue'
import { english } from '../../renderer/locales/messages.ts'
import { german } from '../../renderer/locales/german.ts'
import { i18n, setLanguage, text } from '../../renderer/locales/i18n.ts'
import { removalWords } from '../../renderer/mail/removal-words.ts'
import { safetyWords } from '../../renderer/mail/safety.ts'
import { allServerIds, serverId } from '../../replica/core/model/ids.ts'

afterEach(() => setLanguage('en'))

describe('the words for how safe a mail is', () => {
  it.each([
    [0, 5, 'on no server that is known'],
    [1, 5, 'saved here'],
    [2, 5, 'on 2 of 5: survives any one machine'],
    [3, 5, 'on 3 of 5: survives any 2 machines'],
    [4, 5, 'on 4 of 5: survives any 3 machines'],
    [5, 5, 'on all five'],
    [2, 2, 'on all 2'],
    [1, 1, 'saved here'],
  ])('%i of %i: %s', (held, seats, words) => expect(safetyWords(allServerIds.slice(0, held), seats)).toBe(words))

  it('name the machine that has a mail alone, where it is not this one', () => {
    expect(safetyWords([serverId(3)], 5, 'Chart table')).toBe('saved on Chart table only')
    expect(safetyWords(allServerIds.slice(0, 2), 5, null)).toBe('on 2 of 5: survives any one machine')
  })

  it('are there in German, too', async () => {
    await setLanguage('de')
    expect(safetyWords(allServerIds.slice(0, 3), 5)).toBe('auf 3 von 5: übersteht den Ausfall von 2 Geräten')
  })
})

it('keys are called as they are labelled where the language is spoken', async () => {
  const shown = (keys: string): string => mount(BaseKeys, { props: { keys } }).text()
  expect([shown('mod+enter'), shown('pagedown'), shown('delete')]).toEqual(['Ctrl↵', 'PgDn', 'Del'])
  await setLanguage('de')
  expect([shown('mod+enter'), shown('pagedown'), shown('delete')]).toEqual(['Strg↵', 'Bild ↓', 'Entf'])
})

describe('the words for a deletion', () => {
  const nameOf = (server: number): string => (server === 2 ? 'Galley' : `#${server}`)

  it('name who still has the mail', () => {
    const removal = { removedOn: [1, 3, 4, 5].map(serverId), waitingFor: [serverId(2)] }
    expect(removalWords([removal], nameOf)).toBe('One mail: removed on 4 of 5, waiting for Galley.')
  })
  it('claim a removal everywhere only when all of them are', () => {
    const everywhere = { removedOn: allServerIds, waitingFor: [] }
    const waiting = { removedOn: allServerIds.slice(0, 4), waitingFor: [serverId(5)] }
    expect(removalWords([everywhere], nameOf)).toBe('One mail: removed on all 5.')
    expect(removalWords([everywhere, waiting], nameOf)).toContain('waiting for #5')
  })
})

interface Texts {
  readonly [key: string]: string | Texts
}
const leaves = (texts: Texts, path: string): readonly (readonly [string, string])[] =>
  Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value] as const] : leaves(value, `${path}${key}.`),
  )
const wordsIn = (value: string): readonly string[] => (value.match(/\{\w+\}/gu) ?? []).toSorted()

describe('texts', () => {
  it('have the same words to fill in in every language, and can be read', async () => {
    const translations = new Map(leaves(german, ''))
    await setLanguage('de')
    for (const [key, value] of leaves(english, '')) {
      expect([key, new Set(wordsIn(translations.get(key) ?? ''))]).toEqual([key, new Set(wordsIn(value))])
      expect(() => i18n.global.t(key)).not.toThrow()
    }
  })
  it('are written as they stand', () => expect(text('mail.noSubject')).toBe('(no subject)'))
})
