import { useIntervalFn } from '@vueuse/core'
import { readonly, ref, type Ref } from 'vue'

/** Milliseconds since 1970, moving on every `everyMs`: for what is shown as "3 minutes ago". */
export const useClock = (everyMs: number): Readonly<Ref<number>> => {
  const nowMs = ref(Date.now())
  useIntervalFn(() => {
    nowMs.value = Date.now()
  }, everyMs)
  return readonly(nowMs)
}
