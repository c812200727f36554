import { reactive, ref, watch, effectScope, shallowReactive, shallowRef } from 'vue'
import type { Attachment, DocumentId, Letter, TakenBackLetter } from '../../replica/client/contract/mailbox.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { client } from '../bridge.ts'
import { attachFile } from './attaching.ts'
import { mailBytes } from './mail-limits.ts'
import { DraftKeeper, type KeptState } from './draft-keeper.ts'

/** A letter that is being written, in its own small window. */
export const createComposition = (key: number, begun: TakenBackLetter, draft: DocumentId | null) => {
  const letter = reactive({
    to: [...begun.to],
    cc: [...(begun.cc ?? [])],
    subject: begun.subject,
    body: begun.body,
    attachments: [...(begun.attachments ?? [])],
  })
  /** Files that are on their way to the client. */
  const attaching = shallowReactive<Attaching[]>([])
  let lastFile = 0
  let work: Promise<unknown> = Promise.resolve()
  let failures = 0
  const inReplyTo: UpdateId | null = begun.inReplyTo ?? null
  const state = ref<KeptState>(draft === null ? 'new' : 'saved')
  /** Why it could not be saved the last time; null when it could. */
  const failure = shallowRef<unknown>(null)
  const shape = ref<'open' | 'minimised'>('open')
  const kept = shallowRef(draft)
  const scope = effectScope(true)

  const written = (): TakenBackLetter => ({
    to: [...letter.to],
    cc: [...letter.cc],
    subject: letter.subject,
    body: letter.body,
    ...(inReplyTo === null ? {} : { inReplyTo }),
    ...(letter.attachments.length === 0 ? {} : { attachments: [...letter.attachments] }),
  })

  const keeper: DraftKeeper = new DraftKeeper(
    {
      written: () => letterOf(written()),
      save: async (current, known) => {
        const saved = await client.saveDraft(known === null ? current : { ...current, draft: known })
        return saved.draft
      },
      onState: (changed, known) => {
        state.value = changed
        failure.value = changed === 'failed' ? keeper.failure : null
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

  /** One after the other, each into what room is left; shown as on their way until then. */
  const attachEach = <Item>(
    items: readonly Item[],
    nameOf: (item: Item) => string,
    give: Give<Item>,
  ): Promise<void> => {
    const waiting = items.map((item) => ({ item, shown: { key: (lastFile += 1), name: nameOf(item) } }))
    attaching.push(...waiting.map(({ shown }) => shown))
    const given = work.then(async () => {
      for (const { item, shown } of waiting) {
        const attachments = await give(item)
        attaching.splice(attaching.indexOf(shown), 1)
        if (attachments === null) failures += 1
        else letter.attachments.push(...attachments)
      }
    })
    work = given
    return given
  }
  const attached = async (): Promise<'all' | 'not all'> => {
    failures = 0
    await work
    return failures === 0 ? 'all' : 'not all'
  }

  const room = (): number => mailBytes - letter.attachments.reduce((sum, { size }) => sum + size, 0)
  const attach = (files: readonly File[]): Promise<void> =>
    attachEach(
      files,
      ({ name }) => name,
      async (file) => {
        const attachment = await attachFile(file, room())
        return attachment && [attachment]
      },
    )
  /** The file stays with the client for a while, so that an undo can have it back. */
  const detach = (file: Attachment): void => {
    letter.attachments = letter.attachments.filter(({ attachment }) => attachment !== file.attachment)
  }

  return {
    key,
    letter,
    attaching,
    inReplyTo,
    state,
    failure,
    shape,
    kept,
    written,
    keeper,
    attach,
    attachEach,
    detach,
    /** Waits for the files that are on their way; what could not be attached has been told. */
    attached,
    end,
  }
}

interface Attaching {
  readonly key: number
  readonly name: string
}

/** Null when it failed, which is told. */
type Give<Item> = (item: Item) => Promise<readonly Attachment[] | null>

/** As the client takes it. */
export const letterOf = ({ attachments = [], ...letter }: TakenBackLetter): Letter =>
  attachments.length === 0 ? letter : { ...letter, attachments: attachments.map(({ attachment }) => attachment) }

export type Composition = ReturnType<typeof createComposition>
