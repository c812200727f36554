import { useEventListener } from '@vueuse/core'
import { useCommands } from './commands.ts'

/**
 * Gives every key press to the commands. While a word is being composed, as in Chinese or Japanese, keys are the input method's:
 * nothing else in the page hears of them, or the Escape that ends its list would close the letter.
 */
export const useKeyboard = (): void => {
  const commands = useCommands()
  const leaveToInputMethod = (event: KeyboardEvent): void => {
    if (event.isComposing) event.stopImmediatePropagation()
  }
  useEventListener(window, 'keydown', leaveToInputMethod, { capture: true })
  useEventListener(window, 'keydown', (event) => commands.press(event))
}
