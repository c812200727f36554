import { useThrottleFn } from '@vueuse/core'
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import type { Removal } from '../../replica/client/contract/mailbox.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { client, onClientEvent } from '../bridge.ts'

/** Deletions that are followed; the newest ones. */
const followedRemovals = 100
const askingMs = 500

/** Where this window's deletions have arrived, until they are everywhere. */
export const useRemovals = defineStore('removals', () => {
  const removals = shallowRef<ReadonlyMap<UpdateId, Removal>>(new Map())

  const ask = async (names: readonly UpdateId[]): Promise<void> => {
    const answers = await Promise.all(
      names.map(async (removal) => [removal, await client.removal({ removal })] as const),
    )
    removals.value = new Map([...removals.value, ...answers].slice(-followedRemovals))
  }

  const askAgain = useThrottleFn(
    () => {
      const unfinished = [...removals.value].filter(([, { waitingFor }]) => waitingFor.length > 0).map(([name]) => name)
      // What is shown stays true until more is known.
      ask(unfinished).catch(() => undefined)
    },
    askingMs,
    true,
  )

  const add = async (names: readonly UpdateId[]): Promise<void> => {
    await ask(names.slice(-followedRemovals))
  }

  const forget = (): void => {
    removals.value = new Map()
  }

  onClientEvent(({ event }) => {
    if (event === 'knowledge' || event === 'view' || event === 'connected') void askAgain()
  })

  return { removals: computed(() => [...removals.value.values()]), add, forget }
})
