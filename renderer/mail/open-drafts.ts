import type { DocumentId } from '../../replica/client/contract/mailbox.ts'

const place = 'open-drafts'

/** Only names are kept here: what is written is with the client. */
export const rememberDrafts = (drafts: readonly DocumentId[]): void => {
  localStorage.setItem(place, JSON.stringify(drafts))
}

/** The drafts that were open when the window was last there. */
export const rememberedDrafts = (): readonly DocumentId[] => {
  const kept: unknown = JSON.parse(localStorage.getItem(place) ?? '[]')
  return Array.isArray(kept) ? kept.filter((draft) => typeof draft === 'string') : []
}
