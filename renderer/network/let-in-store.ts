import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { LetIn } from '../../replica/client/contract/group.ts'
import type { ErrorCode } from '../../replica/core/model/errors.ts'
import type { ServerId } from '../../replica/core/model/ids.ts'
import { client, codeOf } from '../bridge.ts'

/** Everybody who was let into the group; null until it is known. A server of an older version cannot tell. */
export const useNetworkLetIn = defineStore('networkLetIn', () => {
  const machines = shallowRef<readonly LetIn[] | null>(null)
  const failure = ref<ErrorCode | null>(null)

  const load = async (): Promise<void> => {
    try {
      machines.value = (await client.letIn({})).machines
      failure.value = null
    } catch (error) {
      failure.value = codeOf(error)
    }
  }

  /** Who is in and is seen nowhere else: members without a seat, and clients without a replica. */
  const seatless = computed(
    () => machines.value?.filter(({ state }) => state === 'without' || state === 'client') ?? [],
  )

  /** Of those, whom a machine let in that is retired now. */
  const stillIn = computed(() => seatless.value.filter(({ byRetired }) => byRetired))

  const holderOf = (server: ServerId): LetIn | null =>
    machines.value?.find((one) => one.state === 'seat' && one.server === server) ?? null

  /** A client goes with its invite, a machine by its key. */
  const shutOut = async ({ machine, invite }: LetIn): Promise<void> => {
    if (machine !== null) await client.shutOut({ machine })
    else if (invite !== null) await client.revokeInvite({ invite })
  }

  return {
    machines: computed(() => machines.value),
    failure: computed(() => failure.value),
    seatless,
    stillIn,
    holderOf,
    load,
    shutOut,
  }
})
