import { reactive, ref, watch, effectScope, shallowRef } from 'vue'
import type { DocumentId, Letter } from '../../replica/client/contract/mailbox.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { client } from '../bridge.ts'
import { DraftKeeper, type KeptState } from './draft-keeper.ts'

/** A letter that is being written, in its own small window. */
export const createComposition = (key: number, begun: Letter, draft: DocumentId | null) => {
  const letter = reactive({
    to: [...begun.to],
    cc: [...(begun.cc ?? [])],
    subject: begun.subject,
    body: begun.body,
  })
  const inReplyTo: UpdateId | null = begun.inReplyTo ?? null
  const state = ref<KeptState>(draft === null ? 'new' : 'saved')
  const shape = ref<'open' | 'minimised'>('open')
  const kept = shallowRef(draft)
  const scope = effectScope(true)

  const written = (): Letter => ({
    to: [...letter.to],
    cc: [...letter.cc],
    subject: letter.subject,
    body: letter.body,
    ...(inReplyTo === null ? {} : { inReplyTo }),
  })

  const keeper = new DraftKeeper(
    {
      written,
      save: async (current, known) => {
        const saved = await client.saveDraft(known === null ? current : { ...current, draft: known })
        return saved.draft
      },
      onState: (changed, known) => {
        state.value = changed
        kept.value = known
      },
    },
    draft,
  )
  scope.run(() => {
    watch(letter, () => keeper.changed(Date.now()), { flush: 'sync' })
  })

  const end = async (): Promise<void> => {
    scope.stop()
    await keeper.stop()
  }

  return { key, letter, inReplyTo, state, shape, kept, written, keeper, end }
}

export type Composition = ReturnType<typeof createComposition>
