import { useIntervalFn } from '@vueuse/core'
import { readonly, ref, type Ref } from 'vue'

/** Milliseconds since 1970, told anew every `intervalMs`. */
export const useClock = (intervalMs: number): Readonly<Ref<number>> => {
  const nowMs = ref(Date.now())
  useIntervalFn(() => {
    nowMs.value = Date.now()
  }, intervalMs)
  return readonly(nowMs)
}
