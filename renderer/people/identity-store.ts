import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { Identity } from '../../replica/client/contract/people.ts'
import { showNote } from '../base/toasts.ts'
import { client } from '../bridge.ts'

/** As many as can be asked for at once, and as a mail can have. */
const namesAtOnce = 100

/** Whether a name is still whom the person knows by it: one question after the other. */
export const useIdentity = defineStore('identity', () => {
  const questions = shallowRef<readonly Identity[]>([])
  /** Grows with each one that was accepted: what is shown of people is out of date then. */
  const accepted = ref(0)

  /** Puts the question for those of these names that are somebody else now. */
  const ask = async (names: readonly string[]): Promise<void> => {
    const { identities } = await client.identities({ names: names.slice(0, namesAtOnce) })
    questions.value = identities.filter(({ known }) => known !== null)
    const [name] = names
    if (questions.value.length === 0 && name !== undefined) showNote('people.identity.same', { name })
  }

  const dismiss = (): void => {
    questions.value = questions.value.slice(1)
  }

  const accept = async ({ name, account }: Identity): Promise<void> => {
    await client.accept({ name, account })
    accepted.value += 1
    dismiss()
  }

  return {
    question: computed(() => questions.value[0] ?? null),
    accepted: computed(() => accepted.value),
    ask,
    accept,
    dismiss,
  }
})
