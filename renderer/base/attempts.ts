import { ref } from 'vue'
import { showFailure } from './toasts.ts'
import type { MessageKey } from '../locales/messages.ts'

/**
 * One action at a time, with its failure told: `busy` while it runs. `attempt` says whether it succeeded.
 */
export const useAttempt = () => {
  const busy = ref(false)

  const attempt = async (attempted: MessageKey, work: () => Promise<unknown>): Promise<boolean> => {
    if (busy.value) return false
    busy.value = true
    try {
      await work()
      return true
    } catch (error) {
      showFailure(attempted, error)
      return false
    } finally {
      busy.value = false
    }
  }

  return { busy, attempt }
}
