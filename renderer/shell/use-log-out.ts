import { ref, type Ref } from 'vue'
import { toast } from 'vue-sonner'
import { showFailure, showProgress } from '../base/toasts.ts'
import { client } from '../bridge.ts'
import { useUnsaved } from './unsaved.ts'

/**
 * Logs out when what was typed is saved. What cannot be saved is in this page only, and who logs in next gets a new one: it is left
 * behind only by somebody who says so, and who does need not wait until it is known that it cannot.
 */
export const useLogOut = (): { readonly busy: Readonly<Ref<boolean>>; readonly logOut: () => Promise<void> } => {
  const unsaved = useUnsaved()
  const busy = ref(false)
  let left = 0

  const leave = async (): Promise<void> => {
    left += 1
    // What the notes offer to take back is not for who comes next.
    toast.dismiss()
    const endProgress = showProgress('shell.account.loggingOut')
    try {
      await client.logOut()
    } catch (error) {
      showFailure('shell.account.logOutFailed', error)
    } finally {
      endProgress()
      busy.value = false
    }
  }
  const anyway = { label: 'shell.account.logOutAnyway', run: () => void leave() } as const

  const save = async (): Promise<unknown> => {
    const endProgress = showProgress('shell.account.savingFirst', anyway)
    try {
      await unsaved.save()
      return unsaved.failure()
    } catch (error) {
      return error
    } finally {
      endProgress()
    }
  }

  const logOut = async (): Promise<void> => {
    if (busy.value) return
    busy.value = true
    const before = left
    const failure = await save()
    // Without waiting for it.
    if (left > before) return
    if (failure === null) {
      await leave()
      return
    }
    busy.value = false
    showFailure('shell.account.notSaved', failure, anyway)
  }

  return { busy, logOut }
}
