import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import type { Mark } from '../../replica/client/contract/mailbox.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { showFailure, showNote } from '../base/toasts.ts'
import { client } from '../bridge.ts'
import { formatNumber } from '../locales/i18n.ts'
import type { MessageKey } from '../locales/messages.ts'
import { useMailView } from './mail-view.ts'
import { useMailbox } from './mailbox-store.ts'
import { useRemovals } from './removals-store.ts'

/** What waits for a yes, because it cannot be taken back. */
export type Asked = { readonly kind: 'delete'; readonly mails: readonly UpdateId[] } | { readonly kind: 'emptyTrash' }

const opposites = {
  trash: 'restore',
  restore: 'trash',
  read: 'unread',
} as const
type Undoable = keyof typeof opposites

/** What a person does with mails: shown at once, told, and undone where that is possible. */
export const useMailActions = defineStore('mailActions', () => {
  const mailbox = useMailbox()
  const mail = useMailView()
  const removals = useRemovals()
  const asked = shallowRef<Asked | null>(null)
  /** Takes back what was done last; null while there is nothing to take back. */
  const lastUndo = shallowRef<(() => void) | null>(null)

  const attempt = async (attempted: MessageKey, work: () => Promise<void>): Promise<'done' | 'failed'> => {
    try {
      await work()
      return 'done'
    } catch (error) {
      showFailure(attempted, error)
      return 'failed'
    }
  }

  const mark = async (mails: readonly UpdateId[], how: Mark): Promise<void> => {
    if (mails.length === 0) return
    if (how === 'trash' || how === 'restore') leave(mails)
    const outcome = await attempt(`mail.failed.${how}`, () => mailbox.mark(mails, how))
    if (outcome === 'failed' || (how !== 'trash' && how !== 'restore')) return
    tell(mails, how)
  }

  /** Each note takes back what it tells of, also when more has been done since. */
  const tell = (mails: readonly UpdateId[], how: Undoable): void => {
    const run = (): void => {
      withdraw()
      forget()
      void mark(mails, opposites[how])
    }
    const forget = showNote(
      mails.length === 1 ? `mail.done.${how}One` : `mail.done.${how}`,
      { count: formatNumber(mails.length) },
      { label: 'common.undo', run },
    )
    const withdraw = offerUndo(run)
  }

  /** Of the whole folder; it can be taken back. */
  const markAllRead = async (): Promise<void> => {
    await attempt('mail.failed.read', async () => {
      const mails = await mail.unreadMails()
      if (mails.length === 0) {
        showNote('mail.noneUnread')
        return
      }
      await mailbox.mark(mails, 'read')
      tell(mails, 'read')
    })
  }

  /** Opens the next mail that is unread. */
  const openUnread = async (): Promise<void> => {
    await attempt('mail.listFailed', async () => {
      const found = await mail.findUnread()
      if (found === null) {
        showNote('mail.noneUnread')
        return
      }
      mail.moveCursor(found.index)
      mail.open(found.header.mail)
    })
  }

  /** From now on `z` takes this back. Returns the function that ends that. */
  const offerUndo = (takeBack: () => void): (() => void) => {
    lastUndo.value = takeBack
    return () => {
      if (lastUndo.value === takeBack) lastUndo.value = null
    }
  }
  const undo = (): void => lastUndo.value?.()

  /** The mails go from what is shown: so does the selection, and an open one is closed. */
  const leave = (mails: readonly UpdateId[]): void => {
    mail.selectNone()
    if (mail.openMail !== null && mails.includes(mail.openMail)) mail.closeMail()
  }

  const askToDelete = (mails: readonly UpdateId[]): void => {
    if (mails.length > 0) asked.value = { kind: 'delete', mails }
  }
  const askToEmptyTrash = (): void => {
    asked.value = { kind: 'emptyTrash' }
  }

  /** In the trash `#` deletes for good, elsewhere it moves there. */
  const discard = (mails: readonly UpdateId[]): void => {
    if (mail.areInTrash(mails)) askToDelete(mails)
    else void mark(mails, 'trash')
  }

  const carryOut = async (what: Asked): Promise<void> => {
    asked.value = null
    switch (what.kind) {
      case 'delete':
        leave(what.mails)
        await attempt('mail.failed.delete', async () => removals.add(await mailbox.deleteForGood(what.mails)))
        break
      case 'emptyTrash':
        mail.selectNone()
        mail.closeMail()
        await attempt('mail.failed.emptyTrash', async () => {
          await client.emptyTrash()
          await mailbox.refresh()
        })
        break
    }
  }

  return {
    asked: computed(() => asked.value),
    cancel: (): void => {
      asked.value = null
    },
    canUndo: computed(() => lastUndo.value !== null),
    undo,
    offerUndo,
    mark,
    markAllRead,
    openUnread,
    discard,
    askToDelete,
    askToEmptyTrash,
    carryOut,
  }
})
