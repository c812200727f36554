import { onScopeDispose, ref, type Ref } from 'vue'
import { host, onAppEvent } from '../bridge.ts'
import { useUnsaved } from './unsaved.ts'

/** Less than the program waits for the answer. A local write takes a few milliseconds. */
const savedWithinMs = 800

/**
 * What was typed last is saved before the program ends, which waits for the answer; where that takes long, or cannot be done, the person
 * is asked. `isOwn`: whether the page is that of who is logged in.
 */
export const useQuitting = (
  isOwn: () => boolean,
): { readonly isAsking: Ref<boolean>; readonly quit: () => Promise<void> } => {
  const unsaved = useUnsaved()
  const isAsking = ref(false)
  let isSure = false

  const quit = async (): Promise<void> => {
    isSure = true
    isAsking.value = false
    await host.quit()
  }

  const ask = async (saving: Promise<unknown>): Promise<void> => {
    await host.stayOpen()
    isAsking.value = true
    await saving.then(() => (isAsking.value && !unsaved.isBehind() ? quit() : undefined))
  }

  const answer = async (): Promise<void> => {
    if (isOwn() && !isSure) {
      const saving = unsaved.save().catch(() => undefined)
      await Promise.race([saving, new Promise((late) => setTimeout(late, savedWithinMs))])
      if (unsaved.isBehind()) {
        await ask(saving)
        return
      }
    }
    await host.readyToQuit()
  }

  onScopeDispose(
    onAppEvent(({ event }) => {
      if (event === 'quitting') answer().catch(() => undefined)
    }),
  )

  return { isAsking, quit }
}
