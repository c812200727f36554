import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { partShownLater } from '../../renderer/shell/part-shown-later.ts'

const page = { default: defineComponent(() => () => h('h1', 'People')) }

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

it('a page that cannot be loaded at first is shown a moment later', async () => {
  let loads = 0
  const load = async () => {
    loads += 1
    if (loads < 3) throw new Error('Failed to fetch dynamically imported module')
    return page
  }
  const wrapper = mount(partShownLater(load))
  await vi.advanceTimersByTimeAsync(2_000)
  expect(wrapper.text()).toBe('People')
  expect(loads).toBe(3)
})

it('of a page that cannot be loaded its person is told, and it can be tried again', async () => {
  let isThere = false
  const load = async () => (isThere ? page : Promise.reject(new Error('Failed to fetch')))
  const wrapper = mount(partShownLater(load))
  await vi.advanceTimersByTimeAsync(2_000)
  expect(wrapper.text()).toContain('could not be loaded')
  isThere = true
  await wrapper.get('button').trigger('click')
  await flushPromises()
  expect(wrapper.text()).toBe('People')
})

it('a page that takes long to come is said to be on its way, and one that comes at once does not flicker', async () => {
  const slow = mount(partShownLater(() => new Promise(() => undefined)))
  expect(slow.text()).toBe('')
  await vi.advanceTimersByTimeAsync(400)
  expect(slow.find('[role=status]').text()).toBe('Starting')
  const quick = mount(partShownLater(async () => page))
  await flushPromises()
  expect(quick.text()).toBe('People')
})
