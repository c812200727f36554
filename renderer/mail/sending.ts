import { markRaw } from 'vue'
import { toast } from 'vue-sonner'
import type { DocumentId, SeenDraft, SendAnswer, TakenBackLetter } from '../../replica/client/contract/mailbox.ts'
import { showFailure, showNote, showProgress } from '../base/toasts.ts'
import { client, codeOf } from '../bridge.ts'
import { useIdentity } from '../people/identity-store.ts'
import { shownNames } from '../people/person-words.ts'
import { useNavigation } from '../shell/navigation.ts'
import { letterOf } from './composition.ts'
import ComposeUndo from './ComposeUndo.vue'
import { followLetters } from './late-letters.ts'
import { useMailActions } from './mail-actions.ts'

const secondMs = 1_000

/** Sends letters and tells what became of them. */
export const useSending = (composing: {
  readonly takeBack: (outbox: DocumentId) => Promise<void>
  readonly reopen: (letter: TakenBackLetter, draft: SeenDraft | null) => void
}) => {
  const navigation = useNavigation()
  const identity = useIdentity()
  const actions = useMailActions()

  const seeOutbox = { label: 'mail.seeOutbox', run: () => navigation.go('mail', 'outbox') } as const
  const follow = followLetters(seeOutbox)

  const tell = (answer: SendAnswer): void => {
    if ('mail' in answer) {
      showNote('mail.sent')
      return
    }
    const { reason, outbox } = answer
    switch (reason.kind) {
      case 'held':
        follow(outbox)
        offerUndo(outbox, reason.until)
        break
      case 'unknownNames':
        showNote('mail.waitsForNames', { names: shownNames(reason.names) }, seeOutbox)
        break
      case 'failed':
        showNote('mail.waitsForServer', {}, seeOutbox)
        break
    }
  }

  const offerUndo = (outbox: DocumentId, until: number): void => {
    const leftMs = Math.max(until - Date.now(), 0)
    const undo = (): void => {
      withdraw()
      toast.dismiss(id)
      void composing.takeBack(outbox)
    }
    const withdraw = actions.offerUndo(undo)
    setTimeout(withdraw, leftMs)
    const id = toast.custom(markRaw(ComposeUndo), {
      duration: leftMs,
      componentProps: { until, onUndo: undo },
    })
  }

  /** What cannot be sent is open again, as it was. */
  const send = async (letter: TakenBackLetter, draft: SeenDraft | null, undoSeconds: number): Promise<void> => {
    const endSlow = showProgress('mail.sending')
    try {
      tell(
        await client.send({
          ...letterOf(letter),
          ...draft,
          ...(undoSeconds > 0 ? { holdMs: undoSeconds * secondMs } : {}),
        }),
      )
    } catch (error) {
      composing.reopen(letter, draft)
      showFailure('mail.failed.send', error)
      if (codeOf(error) === 'NAME_CHANGED_HANDS')
        await identity.ask([...letter.to, ...(letter.cc ?? [])]).catch(() => undefined)
    } finally {
      endSlow()
    }
  }

  return { send }
}
