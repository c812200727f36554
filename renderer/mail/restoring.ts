import type { Draft, SeenDraft, TakenBackLetter } from '../../replica/client/contract/mailbox.ts'
import type { AccountId } from '../../replica/core/model/ids.ts'
import { showNote } from '../base/toasts.ts'
import { client } from '../bridge.ts'
import { seenIn, writtenIn, type Composition } from './composition.ts'
import { rememberedDrafts } from './open-drafts.ts'

interface Composing {
  readonly open: () => readonly Composition[]
  readonly owner: () => AccountId | null
  readonly add: (letter: TakenBackLetter, draft: SeenDraft | null) => Composition
  readonly remove: (composition: Composition) => void
}

/** What was open when the person left, or the window or the machine went down, is open again; what is not any more, out of the way. */
export const createRestoring = ({ open, owner, add, remove }: Composing): (() => Promise<void>) => {
  /** The person may have gone on elsewhere with what is open here, or sent it. What was written here since stays, as another draft. */
  const catchUp = (composition: Composition, draft: Draft | undefined): void => {
    const { keeper, shape } = composition
    if (draft !== undefined && composition.isSavedAs(writtenIn(draft))) return
    if (keeper.isBehind) {
      composition.saveApart()
      showNote('mail.draftChanged')
      return
    }
    remove(composition)
    void composition.end()
    if (draft === undefined) showNote('mail.draftGone')
    else add(writtenIn(draft), seenIn(draft)).shape.value = shape.value
  }

  return async () => {
    const person = owner()
    const names = person === null ? [] : rememberedDrafts(person)
    if (names.length === 0) return
    const { drafts, leftOut } = await client.drafts()
    for (const composition of open()) {
      const draft = drafts.find((one) => one.draft === composition.kept.value)
      // Some drafts cannot be read here: this one may be among them.
      if (composition.kept.value !== null && (draft !== undefined || leftOut === undefined)) catchUp(composition, draft)
    }
    const shown = new Set(open().map(({ kept }) => kept.value))
    for (const draft of drafts)
      if (names.includes(draft.draft) && !shown.has(draft.draft))
        add(writtenIn(draft), seenIn(draft)).shape.value = 'minimised'
  }
}
