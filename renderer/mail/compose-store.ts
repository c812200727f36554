import { defineStore } from 'pinia'
import { computed, markRaw, shallowRef } from 'vue'
import type { Draft, Mail, OutboxEntry, SeenDraft, TakenBackLetter } from '../../replica/client/contract/mailbox.ts'
import type { AccountId } from '../../replica/core/model/ids.ts'
import { showFailure, showNote } from '../base/toasts.ts'
import { client } from '../bridge.ts'
import { formatList, text } from '../locales/i18n.ts'
import { useApp } from '../stores/app.ts'
import { useOwnName } from '../stores/own-name.ts'
import { answerTo, type AnswerKind } from './answers.ts'
import { createComposition, letterOf, seenIn, writtenIn, type Composition } from './composition.ts'
import { rememberDrafts } from './open-drafts.ts'
import { createRestoring } from './restoring.ts'
import { useSending } from './sending.ts'

const emptyLetter: TakenBackLetter = { to: [], cc: [], subject: '', body: '' }

/** The letters that are being written. */
export const useCompose = defineStore('compose', () => {
  const app = useApp()
  const ownName = useOwnName()
  const open = shallowRef<readonly Composition[]>([])
  let lastKey = 0
  let catchingUp: Promise<unknown> = Promise.resolve()

  const account = (): AccountId | null => ('accountId' in app.phase ? app.phase.accountId : null)

  const remember = (): void => {
    const owner = account()
    const drafts = open.value.flatMap(({ kept }) => kept.value ?? [])
    if (owner !== null) rememberDrafts(owner, drafts)
  }

  const add = (letter: TakenBackLetter, draft: SeenDraft | null): Composition => {
    lastKey += 1
    const composition = markRaw(createComposition(lastKey, letter, draft, () => catchingUp))
    open.value = [...open.value, composition]
    remember()
    return composition
  }

  const remove = (composition: Composition): void => {
    open.value = open.value.filter((one) => one !== composition)
    remember()
  }

  const begin = (letter: Partial<TakenBackLetter> = {}): void => {
    add({ ...emptyLetter, ...letter }, null)
  }

  const answer = (mail: Mail, kind: AnswerKind): void => {
    const letter = answerTo(mail, kind, ownName.value)
    const composition = add(letter, null)
    // The mark stands at the end of a long text, where nobody sees it who writes at its beginning.
    if (letter.body.endsWith(text('mail.shortened'))) showNote('mail.quotedInPart')
    if (kind === 'forward' && mail.attachments.length > 0) void forwardFiles(composition, mail)
  }

  const forwardFiles = (composition: Composition, { mail, attachments }: Mail): Promise<void> =>
    composition.attachEach(
      [attachments.map(({ name }) => name)],
      (names) => formatList(names),
      async () => {
        try {
          return (await client.attachFrom({ mail })).attachments
        } catch (error) {
          showFailure('mail.files.notAttached', error)
          return null
        }
      },
    )

  /** One window for each draft. */
  const resume = (draft: Draft): void => {
    const shown = open.value.find(({ kept }) => kept.value === draft.draft)
    if (shown !== undefined) shown.shape.value = 'open'
    else add(writtenIn(draft), seenIn(draft))
  }

  /** Takes back what has not left, to go on writing. */
  const takeBack = async (outbox: OutboxEntry['outbox']): Promise<void> => {
    try {
      // A draft at once: between two steps a crash would find it nowhere.
      const { mayHaveLeft, ...letter } = await client.cancelOutbox({ outbox, keep: 'draft' })
      add(letter, { draft: outbox })
      if (mayHaveLeft) showNote('mail.mayHaveLeft')
    } catch (error) {
      showFailure('mail.failed.takeBack', error)
    }
  }

  /** What was written stays among the drafts. */
  const close = async (composition: Composition): Promise<void> => {
    await composition.attached()
    await composition.keeper.flush()
    if (composition.state.value === 'failed') {
      showFailure('mail.failed.draft', composition.keeper.failure)
      return
    }
    remove(composition)
    await composition.end()
    if (composition.kept.value !== null) showNote('mail.draftKept')
  }

  const discard = async (composition: Composition): Promise<void> => {
    remove(composition)
    await composition.end()
    const letter = composition.written()
    const draft = composition.seen()
    const wasWritten = draft !== null || composition.state.value !== 'new'
    try {
      if (draft !== null) await client.discardDraft(draft)
      const undo = (): void => add(letter, null).keeper.changed(Date.now())
      if (wasWritten) showNote('mail.draftDiscarded', {}, { label: 'common.undo', run: undo })
    } catch (error) {
      showFailure('mail.failed.discard', error)
    }
  }

  /** As `discard`, for one that need not be open. */
  const discardDraft = async (draft: Draft): Promise<void> => {
    const shown = open.value.find(({ kept }) => kept.value === draft.draft)
    if (shown !== undefined) return discard(shown)
    await client.discardDraft(seenIn(draft))
    const undo = (): void => {
      client.saveDraft(letterOf(writtenIn(draft))).catch((error: unknown) => showFailure('mail.failed.draft', error))
    }
    showNote('mail.draftDiscarded', {}, { label: 'common.undo', run: undo })
  }

  /** What was written since it was last saved is saved soon. */
  const reopen = (letter: TakenBackLetter, draft: SeenDraft | null): void =>
    add(letter, draft).keeper.changed(Date.now())
  const sending = useSending({ takeBack, reopen })

  /** Letters that are neither open nor known to have arrived in the outbox. */
  const leaving = new Set<Promise<void>>()
  const send = async (composition: Composition): Promise<void> => {
    // Not without a file that was to go with it.
    if (composition.attaching.length > 0 && (await composition.attached()) === 'not all') return
    // It was sent once more, or thrown away, while it waited.
    if (!open.value.includes(composition)) return
    remove(composition)
    const left = composition
      .end()
      .then(() => sending.send(composition.written(), composition.seen(), app.settings.undoSendSeconds))
    leaving.add(left)
    await left.finally(() => leaving.delete(left))
  }

  const flushAll = async (): Promise<void> => {
    // What is refused is open again, and saved with the others.
    await Promise.allSettled(leaving)
    await Promise.all(open.value.map(({ keeper }) => keeper.flush()))
    remember()
  }
  /** Why a letter could not be saved; null when all could. */
  const failure = (): unknown => open.value.find(({ keeper }) => keeper.failure !== null)?.keeper.failure ?? null

  const isBehind = (): boolean => leaving.size > 0 || open.value.some(({ keeper }) => keeper.isBehind)

  const catchUp = createRestoring({ open: () => open.value, owner: account, add, remove })
  const restore = async (): Promise<void> => {
    const work = catchUp()
    catchingUp = work.catch(() => undefined)
    await work
  }

  return {
    open: computed(() => open.value),
    remember,
    begin,
    answer,
    resume,
    takeBack,
    close,
    discard,
    discardDraft,
    send,
    flushAll,
    failure,
    isBehind,
    restore,
  }
})
