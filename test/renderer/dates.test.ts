import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { setLanguage, text } from '../../renderer/locales/i18n.ts'
import { readingDate, shortDate } from '../../renderer/mail/dates.ts'
import { limits } from '../../replica/core/model/limits.ts'

const at = (...parts: readonly [number, number, number, number, number]): number => new Date(...parts).getTime()
const now = at(2026, 10, 30, 14, 5)

describe('the date of a mail', () => {
  it.each([
    ['this morning', at(2026, 10, 30, 8, 0), '8:00 AM'],
    ['this evening, by a clock that is ahead', at(2026, 10, 30, 23, 59), '11:59 PM'],
    ['yesterday', at(2026, 10, 29, 23, 59), 'Sun'],
    ['six days ago', at(2026, 10, 24, 0, 0), 'Tue'],
    ['a week ago', at(2026, 10, 23, 23, 59), 'Nov 23'],
    ['tomorrow', at(2026, 11, 1, 0, 0), 'Dec 1'],
    ['in a year', at(2027, 10, 30, 14, 0), '11/30/2027'],
  ])('of %s is short', (_, sentAt, shown) => expect(shortDate(sentAt, now).replaceAll('\u202F', ' ')).toBe(shown))

  it('that is read is not of today when a clock was a year ahead', () => {
    expect(readingDate(at(2027, 10, 30, 14, 0), now)).toContain('2027')
    expect(readingDate(at(2026, 10, 30, 14, 0), now)).not.toContain('30')
  })
})

describe('dates on a machine of another country', () => {
  beforeEach(() => vi.resetModules())
  afterEach(() => vi.restoreAllMocks())

  it('are written as there, where that speaks the language of the window', async () => {
    vi.spyOn(navigator, 'languages', 'get').mockReturnValue(['en-GB', 'de-AT'])
    const [i18n, dates] = await Promise.all([
      import('../../renderer/locales/i18n.ts'),
      import('../../renderer/mail/dates.ts'),
    ])
    expect(dates.shortDate(at(2025, 2, 4, 12, 0), now)).toBe('04/03/2025')
    expect(dates.shortDate(at(2026, 10, 30, 16, 0), now)).toBe('16:00')
    await i18n.setLanguage('de')
    expect(dates.shortDate(at(2025, 2, 4, 12, 0), now)).toBe('04.03.2025')
  })
})

describe('how long the trash keeps a mail', () => {
  afterEach(() => setLanguage('en'))

  it.each(['en', 'de'] as const)('is told as it is, in %s', async (language) => {
    await setLanguage(language)
    for (const key of ['mail.emptyHint.trash', 'mail.trashKept'] as const)
      expect(text(key)).toContain(` ${limits.trashDays} `)
  })
})
