import { computed, type ComputedRef, ref, type Ref, watch } from 'vue'
import { useAccount } from '../account/account-store.ts'
import { useApp } from '../stores/app.ts'

/**
 * A page is one person's: what its stores know (letters that are being written, mails, what can be undone) is not for who logs in
 * next at this window: they get a new page, and the program keeps their log-in. Who comes back to their own page finds everything as
 * it was. `isAnothers`: somebody else is logged in. `isOver`: the new page is on its way, and nothing more of this one is to be seen.
 */
export const useOnePerson = (): {
  readonly isAnothers: Readonly<Ref<boolean>>
  readonly isOver: ComputedRef<boolean>
} => {
  const app = useApp()
  const account = useAccount()
  let owner: string | null = null
  const isAnothers = ref(false)

  watch(
    () => ('accountId' in app.phase ? app.phase.accountId : null),
    (now) => {
      if (now === null) return
      owner ??= now
      if (now !== owner) isAnothers.value = true
    },
    { flush: 'sync', immediate: true },
  )
  // The recovery phrase is shown once, and it is in this page only.
  const isOver = computed(() => isAnothers.value && !account.isSigningUp && !account.isPhraseShown)
  watch(isOver, () => {
    location.reload()
  })

  return { isAnothers, isOver }
}
