import { useEventListener } from '@vueuse/core'
import { useCommands } from './commands.ts'

/** Gives every key press to the commands. */
export const useKeyboard = (): void => {
  const commands = useCommands()
  useEventListener(window, 'keydown', (event) => commands.press(event))
}
