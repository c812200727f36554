import { flushPromises, mount } from '@vue/test-utils'
import { TooltipProvider } from 'reka-ui'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { h } from 'vue'
import MailSearch from '../../renderer/mail/MailSearch.vue'
import { searchOffers } from '../../renderer/mail/search-offers.ts'
import { fakeQuintet } from './setup.ts'

beforeEach(() => vi.useFakeTimers({ now: new Date(2026, 0, 31, 12) }))
afterEach(() => vi.useRealTimers())

it('what can be looked for is offered where nothing is written yet, and stands there as if it were typed', async () => {
  const wrapper = mount(() => h(TooltipProvider, () => h(MailSearch)), { attachTo: document.body })
  const offers = () => wrapper.findAll('[role=group] button').map((button) => button.text())
  const input = wrapper.get('input')
  expect(offers()).toEqual([])
  input.element.focus()
  await flushPromises()
  expect(offers()).toEqual(['Unread', 'With a star', 'This month', 'Last month', 'Sent by you'])
  await wrapper.findAll('[role=group] button')[3]?.trigger('click')
  await flushPromises()
  expect(input.element.value).toBe('after:2025-12 before:2026-01 ')
  expect(document.activeElement).toBe(input.element)
  expect(fakeQuintet().requestsOf('search')).toMatchObject([{ query: 'after:2025-12 before:2026-01 ' }])
  expect(offers()).toEqual([])
  wrapper.unmount()
})

it('the months are those of the calendar, also where the last one is shorter', () => {
  const ofMonth = (...day: readonly [number, number, number]): string =>
    searchOffers(new Date(...day).getTime()).find(({ label }) => label === 'mail.search.lastMonth')?.query ?? ''
  expect(ofMonth(2026, 2, 31)).toBe('after:2026-02 before:2026-03')
  expect(ofMonth(2026, 11, 1)).toBe('after:2026-11 before:2026-12')
})
