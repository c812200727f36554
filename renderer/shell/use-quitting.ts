import { onScopeDispose } from 'vue'
import { host, onAppEvent } from '../bridge.ts'
import { useUnsaved } from './unsaved.ts'

/** What was typed last is saved before the program ends, which waits for the answer. `isOwn`: whether the page is that of who is logged in. */
export const useQuitting = (isOwn: () => boolean): void => {
  const unsaved = useUnsaved()

  const save = async (): Promise<void> => {
    try {
      if (isOwn()) await unsaved.save()
    } finally {
      await host.readyToQuit()
    }
  }

  onScopeDispose(
    onAppEvent(({ event }) => {
      if (event === 'quitting') save().catch(() => undefined)
    }),
  )
}
