import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { InviteInfo } from '../../replica/client/contract/group.ts'
import type { ErrorCode } from '../../replica/core/model/errors.ts'
import { client, codeOf } from '../bridge.ts'

/** The group's invites, newest first as the server gives them; null until they are known. */
export const useNetworkInvites = defineStore('networkInvites', () => {
  const invites = shallowRef<readonly InviteInfo[] | null>(null)
  const failure = ref<ErrorCode | null>(null)

  const load = async (): Promise<void> => {
    try {
      invites.value = (await client.invites()).invites
      failure.value = null
    } catch (error) {
      failure.value = codeOf(error)
    }
  }

  return { invites: computed(() => invites.value), failure: computed(() => failure.value), load }
})
