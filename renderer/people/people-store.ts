import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { gathering } from '../base/gathering.ts'
import { useNewestAnswer } from '../base/newest-answer.ts'
import { client, codeOf, onClientEvent } from '../bridge.ts'

/** A pause in typing after which the server is asked. */
const typingPauseMs = 150
/** A merge brings many people in one after the other: everybody is asked for once for all that happens within this time. */
const gatheringMs = 300

/** Everyone in the group, as far as the search goes. */
export const usePeople = defineStore('people', () => {
  const query = ref('')
  const {
    answer: people,
    failure,
    load,
  } = useNewestAnswer(async () => {
    const { accounts } = await client.accounts({ like: query.value.trim() === '' ? '*' : query.value.trim() })
    return accounts
  })
  let pause: ReturnType<typeof setTimeout> | undefined

  watch(query, () => {
    clearTimeout(pause)
    pause = setTimeout(() => void load(), typingPauseMs)
  })

  const loadSoon = gathering(() => void load(), gatheringMs)
  onClientEvent((event) => {
    if (people.value !== null && (event.event === 'people' || event.event === 'view')) loadSoon()
  })

  /** Shown at once; taken back, with the error passed on, when the server refuses. */
  const setFollowed = async (name: string, follow: 'follow' | 'unfollow'): Promise<void> => {
    const former = people.value
    const followed = follow === 'follow'
    people.value = former?.map((person) => (person.name === name ? { ...person, followed } : person)) ?? null
    try {
      await client[follow]({ name })
    } catch (error) {
      people.value = former
      throw error
    }
  }

  return {
    query,
    people: computed(() => people.value),
    failure: computed(() => (failure.value === null ? null : codeOf(failure.value))),
    load,
    setFollowed,
  }
})
