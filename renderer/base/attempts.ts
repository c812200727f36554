import { ref } from 'vue'
import type { ErrorCode } from '../../replica/core/model/errors.ts'
import { codeOf } from '../bridge.ts'
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

/** As `useAttempt`, for a form that tells a refusal itself, beside the field that it is about: `refused` is its code. */
export const useRefusal = () => {
  const busy = ref(false)
  const refused = ref<ErrorCode | null>(null)

  const attempt = async (work: () => Promise<unknown>): Promise<boolean> => {
    if (busy.value) return false
    busy.value = true
    refused.value = null
    try {
      await work()
      return true
    } catch (error) {
      refused.value = codeOf(error)
      return false
    } finally {
      busy.value = false
    }
  }

  return { busy, refused, attempt }
}
