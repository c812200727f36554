import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { NetworkInfo, NetworkSeat } from '../../replica/client/contract/group.ts'
import type { ServerId } from '../../replica/core/model/ids.ts'
import { client, onClientEvent } from '../bridge.ts'

/** What the connected server sees of the group: seats, names of machines, who is reachable. */
export const useGroup = defineStore('group', () => {
  const network = shallowRef<NetworkInfo | null>(null)
  const lostServer = ref<ServerId | null>(null)
  const isOpen = ref(false)

  const refresh = async (): Promise<void> => {
    network.value = await client.network()
  }

  const refreshQuietly = (): void => {
    // The banner stays as it was; the next event asks again.
    if (isOpen.value) refresh().catch(() => undefined)
  }

  /** Begins when the group is open; before that there is no server to ask. */
  const open = (): void => {
    isOpen.value = true
    refreshQuietly()
  }

  onClientEvent((event) => {
    switch (event.event) {
      case 'view':
      case 'knowledge':
        refreshQuietly()
        break
      case 'connected':
        lostServer.value = null
        refreshQuietly()
        break
      case 'disconnected':
        lostServer.value = network.value?.server ?? null
        break
      case 'mail':
      case 'mailbox':
      case 'draftKept':
      case 'sent':
      case 'post':
      case 'people':
      case 'takenOver':
      case 'accountDeleted':
      case 'keysChanged':
      case 'renamed':
        break
    }
  })

  const seats = computed<readonly NetworkSeat[]>(() => network.value?.seats ?? [])
  const used = computed(() => seats.value.filter(({ state }) => state !== 'free'))
  const away = computed(() => seats.value.filter(({ state }) => state === 'unreachable'))
  const paused = computed(() => seats.value.filter(({ state }) => state === 'paused'))

  /** Of the machine whose server the window uses. */
  const isDiskFull = computed(() => network.value?.codedWarnings?.some(({ code }) => code === 'diskFull') ?? false)

  /** The machine's name, with its server id where another machine has the same; that alone where no name is known. */
  const nameOf = (server: ServerId): string => {
    const machine = seats.value.find((seat) => seat.server === server)?.machine ?? null
    if (machine === null) return `#${server}`
    const namesakes = seats.value.filter((seat) => seat.machine === machine)
    return namesakes.length > 1 ? `${machine} (#${server})` : machine
  }

  return {
    network: computed(() => network.value),
    lostServer: computed(() => lostServer.value),
    seats,
    used,
    away,
    paused,
    isDiskFull,
    nameOf,
    open,
    refresh,
  }
})
