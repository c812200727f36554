import { Mail, MailOpen, Star, StarOff, Trash2, Undo2 } from '@lucide/vue'
import { computed, type Component, type ComputedRef } from 'vue'
import type { MessageKey } from '../locales/messages.ts'
import { useMailActions } from './mail-actions.ts'
import { useMailView } from './mail-view.ts'

export interface MailTool {
  readonly id: string
  readonly label: MessageKey
  readonly icon: Component
  readonly keys: string
  readonly run: () => void
}

/** What can be done with the mails concerned, in the folder that is shown. */
export const useMailTools = (): ComputedRef<readonly MailTool[]> => {
  const mail = useMailView()
  const actions = useMailActions()

  return computed(() => {
    const { concerned } = mail
    const headers = mail.list?.rows.value.headersOf(new Set(concerned)) ?? []
    const hasUnread = headers.some(({ read }) => !read)
    const hasUnstarred = headers.length === 0 || headers.some(({ starred }) => !starred)
    const inTrash = mail.areInTrash(concerned)
    const tools: readonly MailTool[] = [
      hasUnread
        ? {
            id: 'read',
            label: 'mail.markRead',
            icon: MailOpen,
            keys: 'shift+i',
            run: () => void actions.mark(concerned, 'read'),
          }
        : {
            id: 'unread',
            label: 'mail.markUnread',
            icon: Mail,
            keys: 'shift+u',
            run: () => void actions.mark(concerned, 'unread'),
          },
      hasUnstarred
        ? { id: 'star', label: 'mail.star', icon: Star, keys: 's', run: () => void actions.mark(concerned, 'star') }
        : {
            id: 'unstar',
            label: 'mail.unstar',
            icon: StarOff,
            keys: 's',
            run: () => void actions.mark(concerned, 'unstar'),
          },
      inTrash
        ? {
            id: 'restore',
            label: 'mail.restore',
            icon: Undo2,
            keys: 'shift+z',
            run: () => void actions.mark(concerned, 'restore'),
          }
        : { id: 'trash', label: 'mail.trash', icon: Trash2, keys: '#', run: () => actions.discard(concerned) },
      ...(inTrash
        ? [
            {
              id: 'delete',
              label: 'mail.delete',
              icon: Trash2,
              keys: '#',
              run: () => actions.askToDelete(concerned),
            } as const,
          ]
        : []),
    ]
    return tools
  })
}
