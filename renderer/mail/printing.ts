import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { Mail } from '../../replica/client/contract/mailbox.ts'

/** The mail that is being printed: it lies beside the window's page, and is seen on paper only. */
export const usePrinting = defineStore('printing', () => {
  const mail = shallowRef<Mail | null>(null)
  return { mail }
})
