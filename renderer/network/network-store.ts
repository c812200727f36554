import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { LetIn, NetworkSeat } from '../../replica/client/contract/group.ts'
import type { ErrorCode } from '../../replica/core/model/errors.ts'
import type { ServerId } from '../../replica/core/model/ids.ts'
import { codeOf } from '../bridge.ts'
import { useGroup } from '../stores/group.ts'

/** What a dialog of the page is about. */
export type NetworkAsk =
  | { readonly kind: 'retire'; readonly server: ServerId }
  | { readonly kind: 'shutOut'; readonly one: LetIn }
  | { readonly kind: 'rotateKey' }
  | { readonly kind: 'invite' }
  | { readonly kind: 'renameGroup' }
  | { readonly kind: 'renameMachine' }

/** What the network page looks at and asks; the group itself is in `useGroup`. */
export const useNetwork = defineStore('network', () => {
  const group = useGroup()
  const selected = ref<ServerId | null>(null)
  const asked = ref<NetworkAsk | null>(null)
  const failure = ref<ErrorCode | null>(null)

  /** The chosen seat, at first the server that the window uses. */
  const seat = computed<NetworkSeat | null>(() => {
    const wanted = selected.value ?? group.network?.server ?? null
    return group.seats.find(({ server }) => server === wanted) ?? null
  })

  const load = async (): Promise<void> => {
    try {
      await group.refresh()
      failure.value = null
    } catch (error) {
      failure.value = codeOf(error)
    }
  }

  return { selected, asked, failure: computed(() => failure.value), seat, load }
})
