import type { AccountId, Tag } from '../model/ids.ts'
import type { StateImage } from '../model/image.ts'
import { mailRecords } from '../model/mail-columns.ts'
import { heldFrom } from '../version-vector.ts'
import type { GroupState } from './group-state.ts'
import type { Named } from './left-out-commands.ts'

/** How many mails, posts and documents that are here would be gone if this image was joined. */
export const goneBy = (
  image: StateImage,
  { mails, posts, documents }: Pick<GroupState, 'mails' | 'posts' | 'documents'>,
): number => {
  const isCovered = ({ origin, sequence }: Named): boolean => sequence <= heldFrom(image.vector, origin)
  // By whom and what they were sent: a mail that was given to two servers may be listed by its other name.
  const listed = new Set<string>()
  for (const { from, tag } of mailRecords(image.mails)) listed.add(sentKey(from, tag))
  for (const { account, tag } of image.posts) listed.add(sentKey(account, tag))
  const written = new Set(image.documents.flatMap((each) => (each.state === 'written' ? documentKey(each) : [])))
  const gone = [
    ...mails.records().filter(({ from, tag }) => !listed.has(sentKey(from, tag))),
    ...posts.records().filter(({ account, tag }) => !listed.has(sentKey(account, tag))),
    ...documents.records().filter((document) => document.state === 'written' && !written.has(documentKey(document))),
  ]
  return gone.filter(isCovered).length
}

const sentKey = (account: AccountId, tag: Tag): string => `${account} ${tag}`

const documentKey = ({ account, document }: StateImage['documents'][number]): string => `${account} ${document}`
