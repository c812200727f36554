import { computed, type ComputedRef } from 'vue'
import { useApp } from './app.ts'

/** The name of the account that is logged in; empty when none is. */
export const useOwnName = (): ComputedRef<string> => {
  const app = useApp()
  return computed(() => ('account' in app.phase ? (app.phase.account ?? '') : ''))
}
