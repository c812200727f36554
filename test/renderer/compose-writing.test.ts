import { flushPromises, mount } from '@vue/test-utils'
import { TooltipProvider } from 'reka-ui'
import { expect, it } from 'vitest'
import { defineComponent, h } from 'vue'
import { useCompose } from '../../renderer/mail/compose-store.ts'
import ComposeWindow from '../../renderer/mail/ComposeWindow.vue'
import { useKeyboard } from '../../renderer/shell/use-keyboard.ts'
import { fakeQuintet } from './setup.ts'

const written = () => {
  const compose = useCompose()
  compose.begin({ to: ['Ben'], subject: 'Rota' })
  const [composition] = compose.open
  if (composition === undefined) throw new Error('no letter is open')
  const window = defineComponent(() => {
    useKeyboard()
    return () => h(TooltipProvider, () => h(ComposeWindow, { composition, inFront: true }))
  })
  return { compose, composition, wrapper: mount(window, { attachTo: document.body }) }
}

it('leaves keys to the input method while a word is being composed', async () => {
  const { compose, composition, wrapper } = written()
  const press = async (place: string, key: string, held: KeyboardEventInit): Promise<void> => {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...held })
    // The tests' page does not know of it.
    Object.defineProperty(event, 'isComposing', { value: held.isComposing })
    wrapper.get(place).element.dispatchEvent(event)
    await flushPromises()
  }
  const composing = { isComposing: true }
  await press('textarea', 'Escape', composing)
  await press('textarea', 'Enter', { ...composing, ctrlKey: true })
  // What is being composed is not in the field's value yet.
  await press('[role=combobox]', 'Backspace', composing)
  expect(compose.open).toEqual([composition])
  expect(composition.letter.to).toEqual(['Ben'])
  await press('[role=combobox]', 'Backspace', { isComposing: false })
  expect(composition.letter.to).toEqual([])
  wrapper.unmount()
})

it('takes what was copied in a spreadsheet for text, although there is a picture of it, too, and a picture for a file', async () => {
  const { composition, wrapper } = written()
  const paste = async (types: readonly string[], plain: string): Promise<boolean> => {
    const event = new Event('paste', { bubbles: true, cancelable: true })
    const files = [new File(['a picture'], 'image.png', { type: 'image/png' })]
    Object.defineProperty(event, 'clipboardData', { value: { types, files, getData: () => plain } })
    wrapper.get('textarea').element.dispatchEvent(event)
    await composition.attached()
    return event.defaultPrevented
  }
  const attached = (): number => fakeQuintet().requestsOf('attach').length
  expect([await paste(['text/plain', 'text/html', 'text/rtf', 'Files'], 'Mon\tTue'), attached()]).toEqual([false, 0])
  expect([await paste(['text/html', 'Files'], ''), attached()]).toEqual([true, 1])
  expect([await paste(['text/plain', 'text/html', 'Files'], '\n'), attached()]).toEqual([true, 2])
  expect([await paste(['text/plain', 'Files'], '/home/anna/image.png'), attached()]).toEqual([true, 3])
  wrapper.unmount()
})

it.each([
  ['where it was', 'kept'],
  ['to the page where that is gone', 'gone'],
])('gives the focus back %s', async (_, button) => {
  document.body.innerHTML = '<main id="content" tabindex="-1"></main><button>Undo</button>'
  document.querySelector('button')?.focus()
  const { wrapper } = written()
  await flushPromises()
  if (button === 'gone') document.querySelector('button')?.remove()
  wrapper.unmount()
  expect(document.activeElement?.tagName).toBe(button === 'gone' ? 'MAIN' : 'BUTTON')
})
