import { showFailure, showNote } from './toasts.ts'
import { host } from '../bridge.ts'

/** Puts `words` onto the clipboard, and says so. */
export const copyText = async (words: string): Promise<void> => {
  try {
    await host.copyText({ text: words })
    showNote('common.copied')
  } catch (error) {
    showFailure('common.copyFailed', error)
  }
}
