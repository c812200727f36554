import type { AccountId, Tag, UpdateId } from './ids.ts'
import type { Signed, Word } from './signed.ts'

/** `account` tells the group something. The text is in the update's bytes only. */
export interface PostChange extends Signed {
  readonly kind: 'post'
}

/** `account` takes back a post of its own. */
export interface PostDeletionChange extends Signed {
  readonly kind: 'postDeletion'
  readonly post: UpdateId
  readonly tag: Tag
}

/** `account` wants to see the posts of `whom`, or does not any more: the last word counts. */
export interface FollowChange extends Word {
  readonly kind: 'follow'
  readonly whom: AccountId
  readonly state: 'follows' | 'not'
}
