import type { DocumentId } from '../../replica/client/contract/mailbox.ts'
import type { AccountId } from '../../replica/core/model/ids.ts'

/** Several people may use one window. */
const placeOf = (account: AccountId): string => `open-drafts ${account}`

/** Only names are kept here: what is written is with the client. */
export const rememberDrafts = (account: AccountId, drafts: readonly DocumentId[]): void => {
  localStorage.setItem(placeOf(account), JSON.stringify(drafts))
}

/** The drafts that were open when this person was last at the window. */
export const rememberedDrafts = (account: AccountId): readonly DocumentId[] => {
  const kept: unknown = JSON.parse(localStorage.getItem(placeOf(account)) ?? '[]')
  return Array.isArray(kept) ? kept.filter((draft) => typeof draft === 'string') : []
}
