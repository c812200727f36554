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

/** A quiet line that goes away by itself. Returns the function that takes it away before. */
export const showNote = (key: MessageKey, words: Words = {}, action?: ToastAction): (() => void) => {
  const options = action === undefined ? {} : { action: button(action) }
  const note = toast(text(key, words), { duration: noteMs, ...options })
  return () => {
    toast.dismiss(note)
  }
}

/** What went another way than the person believes: it stays until it is seen. Returns the function that takes it away before. */
export const showWarning = (happened: string, why: string, action: ToastAction): (() => void) => {
  const options = { description: why, duration: Infinity, closeButton: true, action: button(action) }
  const note = toast.warning(happened, options)
  return () => {
    toast.dismiss(note)
  }
}

/** What is done soon is told when it is done. */
const slowMs = 500

/** Says what is under way, when that takes long. Returns the function that ends it. */
export const showProgress = (key: MessageKey, action?: ToastAction): (() => void) => {
  let note: string | number | null = null
  const timer = setTimeout(() => {
    const options = action === undefined ? {} : { action: button(action) }
    note = toast(`${text(key)} …`, { duration: Infinity, ...options })
  }, slowMs)
  return () => {
    clearTimeout(timer)
    if (note !== null) toast.dismiss(note)
  }
}

/** What could not be done, and what to do about it. */
export const showFailure = (attempted: MessageKey, error: unknown, action?: ToastAction): void => {
  toast.error(text(attempted), {
    description: text(`errors.${codeOf(error)}`),
    duration: failureMs,
    ...(action === undefined ? {} : { action: button(action) }),
  })
}
