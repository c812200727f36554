import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { LetIn, NetworkSeat } from '../../replica/client/contract/group.ts'
import type { ErrorCode } from '../../replica/core/model/errors.ts'
import type { ServerId } from '../../replica/core/model/ids.ts'
import { showWarning } from '../base/toasts.ts'
import { codeOf } from '../bridge.ts'
import { text } from '../locales/i18n.ts'
import { useNavigation } from '../shell/navigation.ts'
import { useGroup } from '../stores/group.ts'

/** What a dialog of the page is about. */
export type NetworkAsk =
  | { readonly kind: 'retire'; readonly server: ServerId }
  | { readonly kind: 'freeSeat'; readonly server: ServerId }
  | { readonly kind: 'shutOut'; readonly one: LetIn }
  | { readonly kind: 'rotateKey' }
  | { readonly kind: 'invite' }
  | { readonly kind: 'renameGroup' }
  | { readonly kind: 'renameMachine' }

/** What the network page looks at and asks; the group itself is in `useGroup`. */
export const useNetwork = defineStore('network', () => {
  const group = useGroup()
  const navigation = useNavigation()
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

  /** Who is kept out has the group's key still, and could listen. */
  const offerNewKey = (happened: string): void => {
    const ask = (): void => {
      navigation.go('network')
      asked.value = { kind: 'rotateKey' }
    }
    showWarning(happened, text('network.rotate.stillHas'), { label: 'network.rotate.button', run: ask })
  }

  return { selected, asked, offerNewKey, failure: computed(() => failure.value), seat, load }
})
