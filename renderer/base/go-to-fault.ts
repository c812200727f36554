import { nextTick } from 'vue'

/** Puts whoever sent a form to the first field of it that says what is wrong. */
export const goToFault = async (form: HTMLElement | null): Promise<void> => {
  await nextTick()
  form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
}
