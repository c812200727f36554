import type { Folder, SealedMail } from '../../replica/api/contract.ts'
import type { AccountId, UpdateId } from '../../replica/core/model/ids.ts'
import type { MarksChange } from '../../replica/core/model/mailbox-changes.ts'
import type { MailChange } from '../../replica/core/model/updates.ts'
import { listedMail } from '../../replica/wire/header-proof.ts'

/** A mail as the replica in memory keeps it. */
export interface HeldMail {
  readonly mail: UpdateId
  readonly change: MailChange
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  readonly sentAt: number
  readonly read: Set<AccountId>
  /** What was set last, by owner. */
  readonly set: Map<AccountId, Set<'read' | 'unread' | 'star' | 'trash'>>
  readonly trashedAt: Map<AccountId, number>
  readonly deleted: Set<AccountId>
}

export const noMarks = (): Pick<HeldMail, 'read' | 'set' | 'trashedAt' | 'deleted'> => ({
  read: new Set(),
  set: new Map(),
  trashedAt: new Map(),
  deleted: new Set(),
})

export const isRead = ({ change, read, set }: HeldMail, owner: AccountId): boolean => {
  if (set.get(owner)?.has('unread') === true) return false
  return !change.to.includes(owner) || read.has(owner) || set.get(owner)?.has('read') === true
}

export const isIn = (folder: Folder, { change, set }: HeldMail, owner: AccountId): boolean => {
  switch (folder) {
    case 'inbox':
      return change.to.includes(owner)
    case 'sent':
      return change.account === owner
    case 'starred':
      return set.get(owner)?.has('star') ?? false
    case 'trash':
      return true
  }
}

export const setMark = (mail: HeldMail, { account, mark }: MarksChange, at: number): void => {
  const set = mail.set.get(account) ?? new Set()
  mail.set.set(account, set)
  switch (mark) {
    case 'delete':
      mail.deleted.add(account)
      return
    case 'read':
    case 'unread':
      set.delete(mark === 'read' ? 'unread' : 'read')
      set.add(mark)
      return
    case 'unstar':
      set.delete('star')
      return
    case 'restore':
      set.delete('trash')
      return
    case 'star':
    case 'trash':
      set.add(mark)
      if (mark === 'trash') mail.trashedAt.set(account, 1_700_000_000_000 + at * 1_000)
  }
}

export const folded = (name: string): string => name.normalize('NFKC').toLowerCase()

/** As a list gives it. */
export const headerOf = (groupId: Uint8Array, mail: SealedMail): SealedMail => ({
  ...mail,
  ...listedMail(groupId, mail.payload, mail.signature),
})
