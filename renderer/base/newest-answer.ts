import { type Ref, ref, type ShallowRef, shallowRef } from 'vue'

export interface NewestAnswer<Answer> {
  /** What came for what was asked for last, and nothing before the first answer. */
  readonly answer: ShallowRef<Answer | null>
  /** Why there was none, and nothing once there is one. */
  readonly failure: Ref<unknown>
  readonly load: () => Promise<void>
}

/** Asks again while an answer may be on its way, as changes have it: one that is overtaken does not count. */
export const useNewestAnswer = <Answer>(ask: () => Promise<Answer>): NewestAnswer<Answer> => {
  const answer = shallowRef<Answer | null>(null)
  const failure = ref<unknown>(null)
  let asked = 0
  const load = async (): Promise<void> => {
    asked += 1
    const turn = asked
    try {
      const came = await ask()
      if (turn !== asked) return
      answer.value = came
      failure.value = null
    } catch (error) {
      if (turn === asked) failure.value = error
    }
  }
  return { answer, failure, load }
}
