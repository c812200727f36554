import { ref } from 'vue'
import type { FileData } from '../../replica/client/contract/mailbox.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { showFailure, showNote } from '../base/toasts.ts'
import { client, host } from '../bridge.ts'

/** Writes what is in mails to the person's downloads, and says where it is. */
export const useFileSaving = () => {
  const isSaving = ref(false)

  const save = async (fetched: () => Promise<FileData>): Promise<void> => {
    // A button that cannot be pressed meanwhile would lose the focus.
    if (isSaving.value) return
    isSaving.value = true
    try {
      const { path } = await host.saveFile({ file: await fetched(), folders: [] })
      showNote('mail.files.saved', { path })
    } catch (error) {
      showFailure('mail.files.notSaved', error)
    } finally {
      isSaving.value = false
    }
  }

  return {
    isSaving,
    saveAttachment: (mail: UpdateId, number: number) => save(() => client.attachment({ mail, number })),
    saveMail: (mail: UpdateId) => save(() => client.exportMail({ mail })),
  }
}
