import { type Ref } from 'vue'
import { toast } from 'vue-sonner'
import { useAttempt } from '../base/attempts.ts'
import { showFailure } from '../base/toasts.ts'
import { client } from '../bridge.ts'
import { useUnsaved } from './unsaved.ts'

/**
 * Logs out when what was typed is saved. What cannot be saved is in this page only, and who logs in next gets a new one: it is left
 * behind only by somebody who says so.
 */
export const useLogOut = (): { readonly busy: Readonly<Ref<boolean>>; readonly logOut: () => Promise<void> } => {
  const unsaved = useUnsaved()
  const { busy, attempt } = useAttempt()

  const leave = async (): Promise<void> => {
    // What the notes offer to take back is not for who comes next.
    toast.dismiss()
    await attempt('shell.account.logOutFailed', () => client.logOut())
  }
  const logOut = async (): Promise<void> => {
    await attempt('shell.account.logOutFailed', () => unsaved.save())
    const failure = unsaved.failure()
    if (failure === null) await leave()
    else
      showFailure('shell.account.notSaved', failure, { label: 'shell.account.logOutAnyway', run: () => void leave() })
  }

  return { busy, logOut }
}
