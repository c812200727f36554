import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { client } from '../bridge.ts'
import { DraftKeeper, type KeptState } from '../mail/draft-keeper.ts'

/** What is written of a post: neither a look at another page nor the end of the program throws it away. */
export const useUnposted = defineStore('unposted', () => {
  const written = ref('')
  const state = ref<KeptState>('new')
  /** As the client has it; null as long as that is not known. */
  let kept: string | null = null
  let changes = 0

  /** What was kept is not lost to what is typed before it is known. */
  const save = async (): Promise<null> => {
    if (kept === null) await load()
    const text = written.value
    if (text !== kept) await client.saveUnposted({ text })
    kept = text
    return null
  }
  const keeper = new DraftKeeper<string, null>(
    {
      written: () => written.value,
      save,
      onState: (now) => {
        state.value = now
      },
    },
    null,
  )

  const change = (text: string): void => {
    written.value = text
    changes += 1
    keeper.changed(Date.now())
  }

  /** It may have been written on elsewhere. */
  async function load(): Promise<void> {
    const before = changes
    const { text } = await client.unposted()
    if (changes === before && !keeper.isBehind) {
      kept = text
      written.value = text
    } else if (kept === null) {
      kept = text
      if (text !== '') change([text, written.value].filter((part) => part !== '').join('\n'))
    }
  }

  /** It is posted; what has been typed since stays. */
  const posted = async (text: string): Promise<void> => {
    if (written.value === text) change('')
    await keeper.flush()
  }

  return {
    words: computed({ get: () => written.value, set: change }),
    isNotKept: computed(() => state.value === 'failed' && written.value !== ''),
    load,
    posted,
    flush: () => keeper.flush(),
    failure: () => keeper.failure,
    isBehind: () => keeper.isBehind,
  }
})
