import { documentId, type DocumentId } from '../core/model/ids.ts'

const named = (last: string): DocumentId => documentId('A'.repeat(21) + last)

/** Documents that go by the same name in every account. */
export const ownDocuments = {
  unposted: named('A'),
  knownPeople: named('Q'),
  trashDiary: named('g'),
} as const
