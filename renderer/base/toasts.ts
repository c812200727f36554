import { toast } from 'vue-sonner'
import { codeOf } from '../bridge.ts'
import { text, type Words } from '../locales/i18n.ts'
import type { MessageKey } from '../locales/messages.ts'

const failureMs = 10_000
const noteMs = 5_000

export interface ToastAction {
  readonly label: MessageKey
  readonly run: () => void
}

const button = ({ label, run }: ToastAction) => ({ label: text(label), onClick: run })

/** A quiet line that goes away by itself. */
export const showNote = (key: MessageKey, words: Words = {}, action?: ToastAction): void => {
  toast(text(key, words), { duration: noteMs, ...(action === undefined ? {} : { action: button(action) }) })
}

/** What could not be done, and what to do about it. */
export const showFailure = (attempted: MessageKey, error: unknown, action?: ToastAction): void => {
  toast.error(text(attempted), {
    description: text(`errors.${codeOf(error)}`),
    duration: failureMs,
    ...(action === undefined ? {} : { action: button(action) }),
  })
}
