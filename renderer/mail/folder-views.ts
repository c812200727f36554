import { Clock, FileText, Inbox, Send, Star, Trash2 } from '@lucide/vue'
import type { Component } from 'vue'
import type { Folder, FolderCounts } from '../../replica/client/contract/mailbox.ts'

/** What the mail page can show: the folders of mails, and the two of what is not sent yet. */
export const viewIds = ['inbox', 'starred', 'sent', 'drafts', 'outbox', 'trash'] as const
export type ViewId = (typeof viewIds)[number]

export interface FolderView {
  readonly id: ViewId
  readonly icon: Component
  readonly keys: string
}

export const folderViews: readonly FolderView[] = [
  { id: 'inbox', icon: Inbox, keys: 'g i' },
  { id: 'starred', icon: Star, keys: 'g s' },
  { id: 'sent', icon: Send, keys: 'g t' },
  { id: 'drafts', icon: FileText, keys: 'g d' },
  { id: 'outbox', icon: Clock, keys: 'g o' },
  { id: 'trash', icon: Trash2, keys: 'g b' },
]

/** What waits for the person: unread mails, drafts, what has not left. How many mails there are otherwise is no news. */
export const waitingIn = (view: ViewId, counts: FolderCounts): number => {
  switch (view) {
    case 'inbox':
      return counts.unread
    case 'drafts':
    case 'outbox':
      return counts[view]
    case 'starred':
    case 'sent':
    case 'trash':
      return 0
  }
}

export const isFolder = (view: ViewId): view is Folder => view !== 'drafts' && view !== 'outbox'

export const isView = (value: string): value is ViewId => (viewIds as readonly string[]).includes(value)
