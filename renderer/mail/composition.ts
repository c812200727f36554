import { reactive, ref, watch, effectScope, shallowRef } from 'vue'
import type { Draft, Letter, SeenDraft, TakenBackLetter } from '../../replica/client/contract/mailbox.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { client } from '../bridge.ts'
import { createAttaching } from './attaching.ts'
import { DraftKeeper, type KeptState } from './draft-keeper.ts'

/** A letter that is being written, in its own small window. Nothing is saved before it has `caughtUp` with what was written elsewhere. */
export const createComposition = (
  key: number,
  begun: TakenBackLetter,
  begunAs: SeenDraft | null,
  caughtUp: () => Promise<unknown>,
) => {
  const letter = reactive({
    to: [...begun.to],
    cc: [...(begun.cc ?? [])],
    subject: begun.subject,
    body: begun.body,
    attachments: [...(begun.attachments ?? [])],
  })
  const inReplyTo: UpdateId | null = begun.inReplyTo ?? null
  const state = ref<KeptState>(begunAs === null ? 'new' : 'saved')
  /** Why it could not be saved the last time; null when it could. */
  const failure = shallowRef<unknown>(null)
  const shape = ref<'open' | 'minimised'>('open')
  const kept = shallowRef(begunAs?.draft ?? null)
  /** The version of the draft that is seen here: another one that comes meanwhile is kept beside it. */
  let basedOn = begunAs?.basedOn
  /** What the draft says, as far as it is known here. */
  let savedAs = JSON.stringify(letterOf(begun))
  const scope = effectScope(true)

  const written = (): TakenBackLetter => ({
    to: [...letter.to],
    cc: [...letter.cc],
    subject: letter.subject,
    body: letter.body,
    ...(inReplyTo === null ? {} : { inReplyTo }),
    ...(letter.attachments.length === 0 ? {} : { attachments: [...letter.attachments] }),
  })

  /** The draft, as the client is told which one is meant; null while there is none. */
  const seen = (): SeenDraft | null => {
    if (kept.value === null) return null
    return { draft: kept.value, ...(basedOn === undefined ? {} : { basedOn }) }
  }

  const keeper: DraftKeeper = new DraftKeeper(
    {
      written: () => letterOf(written()),
      save: async (current) => {
        await caughtUp()
        const saved = await client.saveDraft({ ...current, ...seen() })
        savedAs = JSON.stringify(current)
        basedOn = saved.version
        return saved.draft
      },
      onState: (changed, known) => {
        state.value = changed
        failure.value = changed === 'failed' ? keeper.failure : null
        kept.value = known
      },
    },
    kept.value,
  )
  scope.run(() => {
    watch(letter, () => keeper.changed(Date.now()), { flush: 'sync' })
  })

  const isSavedAs = (other: TakenBackLetter): boolean => JSON.stringify(letterOf(other)) === savedAs
  /** It becomes a draft of its own. */
  const saveApart = (): void => {
    keeper.detach()
    kept.value = null
    basedOn = undefined
  }

  const end = async (): Promise<void> => {
    scope.stop()
    await keeper.stop()
  }

  const parts = { key, letter, inReplyTo, state, failure, shape, kept, seen, written, keeper }
  return { ...parts, isSavedAs, saveApart, end, ...createAttaching(letter) }
}

/** A draft as it is written on. */
export const writtenIn = ({ to, cc, subject, body, attachments, inReplyTo }: Draft): TakenBackLetter => ({
  to,
  cc,
  subject,
  body,
  attachments,
  ...(inReplyTo === null ? {} : { inReplyTo }),
})

export const seenIn = ({ draft, version }: Draft): SeenDraft => ({ draft, basedOn: version })

/** As the client takes it. */
export const letterOf = ({ attachments = [], ...letter }: TakenBackLetter): Letter =>
  attachments.length === 0 ? letter : { ...letter, attachments: attachments.map(({ attachment }) => attachment) }

export type Composition = ReturnType<typeof createComposition>
