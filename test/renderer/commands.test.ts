import { beforeEach, describe, expect, it, vi } from 'vitest'
import { useCommands } from '../../renderer/shell/commands.ts'

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
