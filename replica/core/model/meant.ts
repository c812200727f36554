import type { Tag, UpdateId } from './ids.ts'
import { anyTag } from './ids.ts'
import type { Aims, MarksChange } from './mailbox-changes.ts'
import type { Change, PersonChange } from './updates.ts'

/** A mail or post as who marks it means it: by its name, and by what it was when the person looked at it. */
export interface Meant {
  readonly id: UpdateId
  readonly tag: Tag
}

/** The mails, or the post, that a change is about. */
export const meantBy = (change: Change): readonly Meant[] => {
  switch (change.kind) {
    case 'read':
    case 'deletion':
      return [{ id: change.mail, tag: change.tag }]
    case 'marks':
      return markedBy(change)
    case 'postDeletion':
      return [{ id: change.post, tag: change.tag }]
    default:
      return []
  }
}

export const markedBy = ({ mails, tags }: Pick<MarksChange, 'mails' | 'tags'>): readonly Meant[] =>
  mails.map((id, index) => ({ id, tag: tags[index] ?? anyTag }))

/**
 * A change with the names of now. Only what was meant by a tag can be called otherwise: whatever a replica says, a mark reaches
 * nothing but what the person looked at. Null when a name is not one of those, or nothing is left.
 */
export const aimedAt = (change: PersonChange, aims: Aims): PersonChange | null => {
  const meant = meantBy(change)
  const tagged = new Set(meant.flatMap(({ id, tag }) => (tag === anyTag ? [] : [id])))
  if (aims.size === 0 || [...aims.keys()].some((id) => !tagged.has(id))) return null
  const now = meant.flatMap(({ id, tag }): Meant[] => {
    const aim = tag === anyTag ? undefined : aims.get(id)
    return aim === null ? [] : [{ id: aim ?? id, tag }]
  })
  const [first] = now
  if (first === undefined) return null
  switch (change.kind) {
    case 'read':
    case 'deletion':
      return { ...change, mail: first.id }
    case 'postDeletion':
      return { ...change, post: first.id }
    case 'marks':
      return { ...change, mails: now.map(({ id }) => id), tags: now.map(({ tag }) => tag) }
    default:
      return null
  }
}
