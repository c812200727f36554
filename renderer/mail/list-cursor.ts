import { computed, ref, watch, type ComputedRef } from 'vue'
import type { Header } from '../../replica/client/contract/mailbox.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import type { MailList } from './mail-list.ts'

/** Where the person is in the list: at the top, until they put the cursor on a mail; it stays on that when others come in above or go. */
export const createListCursor = (list: ComputedRef<MailList | null>) => {
  const index = ref(0)
  /** Counts how often the person has moved it: then it is to be seen. */
  const moves = ref(0)
  const header = computed<Header | undefined>(() => list.value?.rows.value.at(index.value))
  /** Null at the top. */
  let held: UpdateId | null = null

  const within = (to: number): number => Math.min(Math.max(to, 0), Math.max((list.value?.rows.value.total ?? 0) - 1, 0))

  const toTop = (): void => {
    index.value = 0
    held = null
  }

  const move = (to: number): Header | undefined => {
    index.value = within(to)
    held = header.value?.mail ?? null
    moves.value += 1
    return header.value
  }

  watch(
    () => [list.value, list.value?.version.value] as const,
    ([shown], [former]) => {
      if (held === null || shown !== former) return
      const found = shown?.rows.value.indexOf(held) ?? -1
      index.value = found === -1 ? within(index.value) : found
      // It may be gone: then the cursor is on what has taken its place.
      held = header.value?.mail ?? held
    },
    { flush: 'sync' },
  )

  return { index, moves, header, toTop, move }
}
