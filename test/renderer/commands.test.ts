import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick } from 'vue'
import ShellPalette from '../../renderer/shell/ShellPalette.vue'
import { useCommands } from '../../renderer/shell/commands.ts'
import { useWindowCommands } from '../../renderer/shell/use-window-commands.ts'
import { fakeQuintet } from './setup.ts'

const press = (key: string, modifiers: KeyboardEventInit = {}): KeyboardEvent => {
  const event = new KeyboardEvent('keydown', { key, cancelable: true, ...modifiers })
  useCommands().press(event)
  return event
}

describe('keys that are pressed while the palette is on its way', () => {
  const star = vi.fn()

  beforeEach(() => {
    star.mockClear()
    const commands = useCommands()
    commands.register([
      { id: 'star', label: 'mail.star', group: 'mail', keys: ['s'], run: star },
      {
        id: 'palette',
        label: 'shell.palette.title',
        group: 'window',
        keys: ['mod+k'],
        run: () => {
          commands.isPaletteOpen = true
        },
      },
    ])
  })

  it('are for the palette, and no commands', () => {
    press('k', { ctrlKey: true })
    expect(press('s').defaultPrevented).toBe(true)
    press('e')
    press('Enter')
    expect(star).not.toHaveBeenCalled()
    expect(useCommands().typedAhead).toBe('se')
  })

  it('are commands again when it is closed', () => {
    press('k', { ctrlKey: true })
    useCommands().isPaletteOpen = false
    press('s')
    expect(star).toHaveBeenCalledOnce()
  })
})

it('the palette logs out', async () => {
  const logOut = vi.fn()
  fakeQuintet().add('client', { logOut })
  const scope = effectScope()
  scope.run(useWindowCommands)
  useCommands()
    .available.find(({ label }) => label === 'shell.account.logOut')
    ?.run()
  await flushPromises()
  expect(logOut).toHaveBeenCalledOnce()
  scope.stop()
})

describe('Enter', () => {
  const open = vi.fn()
  const pressEnterOn = (element: Element): KeyboardEvent => {
    document.body.append(element)
    const event = new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true })
    element.addEventListener('keydown', (pressed) => useCommands().press(pressed as KeyboardEvent), { once: true })
    element.dispatchEvent(event)
    element.remove()
    return event
  }

  it('is of the button that has the focus, and of the list elsewhere', () => {
    useCommands().register([{ id: 'open', label: 'mail.keys.open', group: 'list', keys: ['enter'], run: open }])
    expect(pressEnterOn(document.createElement('button')).defaultPrevented).toBe(false)
    expect(open).not.toHaveBeenCalled()
    expect(pressEnterOn(document.createElement('div')).defaultPrevented).toBe(true)
    expect(open).toHaveBeenCalledOnce()
  })
})

/** All that follows on each other without a timer: no key can come in between. */
const untilNextKey = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await nextTick()
}

describe('the palette', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  it('has the focus before another key can come, and goes on from what was typed ahead', async () => {
    const commands = useCommands()
    commands.isPaletteOpen = true
    commands.typedAhead = 'se'
    const palette = mount(ShellPalette, { attachTo: document.body })
    await untilNextKey()
    const { activeElement } = document
    expect(activeElement).toBeInstanceOf(HTMLInputElement)
    expect((activeElement as HTMLInputElement).value).toBe('se')
    expect(activeElement?.closest('[data-modal]')).not.toBeNull()
    palette.unmount()
  })

  it('does what was typed ahead when the next key is Enter', async () => {
    const commands = useCommands()
    const search = vi.fn()
    commands.register([
      { id: 'star', label: 'mail.star', group: 'mail', keys: ['s'], run: vi.fn() },
      { id: 'search', label: 'mail.search.label', group: 'list', keys: ['/'], run: search },
    ])
    commands.isPaletteOpen = true
    commands.typedAhead = 'sea'
    const palette = mount(ShellPalette, { attachTo: document.body })
    await untilNextKey()
    document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
    vi.runAllTimers()
    expect(search).toHaveBeenCalledOnce()
    palette.unmount()
  })

  it('offers what can be done here before what leads elsewhere, and words from their beginning first', async () => {
    const commands = useCommands()
    commands.register([
      { id: 'starred', label: 'mail.folders.starred', group: 'go', keys: [], run: vi.fn() },
      { id: 'unstar', label: 'mail.unstar', group: 'mail', keys: [], run: vi.fn() },
      { id: 'restore', label: 'mail.restore', group: 'mail', keys: [], run: vi.fn() },
      { id: 'reply', label: 'mail.reply', group: 'mail', keys: [], run: vi.fn() },
    ])
    const offered = async (typed: string): Promise<readonly string[]> => {
      commands.isPaletteOpen = true
      commands.typedAhead = typed
      const palette = mount(ShellPalette, { attachTo: document.body })
      await untilNextKey()
      const labels = [...document.querySelectorAll('[role="option"]')].map(({ textContent }) => textContent.trim())
      palette.unmount()
      return labels
    }
    expect(await offered('star')).toEqual(['Take the star off', 'Starred'])
    expect(await offered('re')).toEqual(['Reply', 'Starred'])
  })
})
