import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { toast } from 'vue-sonner'
import { EventFan } from '../../renderer/base/event-fan.ts'
import { showFailure, showNote, showProgress } from '../../renderer/base/toasts.ts'
import { text } from '../../renderer/locales/i18n.ts'

const lastNote = (): unknown => toast.getHistory().at(-1)
const isShown = (): boolean => toast.getToasts().length > 0

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a note', () => {
  it('tells what takes long, for as long as it does, and nothing of what is soon done', () => {
    showProgress('mail.sending')()
    vi.advanceTimersByTime(10_000)
    expect(isShown()).toBe(false)
    const run = vi.fn()
    const end = showProgress('shell.account.savingFirst', { label: 'shell.account.logOutAnyway', run })
    vi.advanceTimersByTime(10_000)
    expect(lastNote()).toMatchObject({
      title: expect.stringContaining(text('shell.account.savingFirst')) as unknown,
      duration: Infinity,
      action: { label: text('shell.account.logOutAnyway'), onClick: run },
    })
    expect(isShown()).toBe(true)
    end()
    expect(isShown()).toBe(false)
    const endOther = showProgress('mail.sending')
    vi.advanceTimersByTime(10_000)
    expect(lastNote()).not.toHaveProperty('action')
    endOther()
  })

  it('can be taken away before it goes', () => {
    const takeAway = showNote('mail.noneUnread')
    expect([isShown(), lastNote()]).toMatchObject([true, { title: text('mail.noneUnread') }])
    expect(lastNote()).not.toHaveProperty('action')
    takeAway()
    expect(isShown()).toBe(false)
  })

  it('of what failed says why', () => {
    const run = vi.fn()
    showFailure('mail.failed.send', new Error('anything'), { label: 'common.retry', run })
    expect(lastNote()).toMatchObject({
      title: text('mail.failed.send'),
      description: text('errors.INTERNAL'),
      action: { label: text('common.retry'), onClick: run },
    })
  })
})

it('events reach everybody who listens, in their order, and nobody who has ended that', () => {
  const fan = new EventFan<number>()
  const heard: (readonly [string, number])[] = []
  const hear = (event: number) => heard.push(['both', event])
  const ends = [fan.listen(hear), fan.listen(hear), fan.listen((event) => heard.push(['one', event]))]
  fan.tell([1, 2])
  const all = (event: number) =>
    [
      ['both', event],
      ['both', event],
      ['one', event],
    ] as const
  expect(heard).toEqual([...all(1), ...all(2)])
  for (const end of ends.slice(1)) end()
  heard.length = 0
  fan.tell([3])
  expect(heard).toEqual([['both', 3]])
})
