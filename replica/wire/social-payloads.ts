import type { Result } from '../core/model/errors.ts'
import type { AccountId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { FollowChange, PostChange, PostDeletionChange } from '../core/model/social-changes.ts'
import { fromBase64Url } from './bytes.ts'
import type { CborReader } from './cbor.ts'
import { encodeCbor, malformed, readWhole } from './cbor.ts'
import {
  readAccountId,
  readSaid,
  readSigner,
  readTagField,
  readUpdateId,
  saidFields,
  signer,
  tagFields,
  updateFields,
  type SignerFields,
} from './payload-parts.ts'

const deletionFields = 4
/** With when it was said. */
const followFields = 5
const codes = { not: 0, follows: 1 } as const

/** A post as its author signs it, readable by everyone in the group. */
export interface PostPayload extends SignerFields {
  /** 1 to `limits.postChars` characters. */
  readonly text: string
}

/** `[account, command, text]`. The text is within its limit already. */
export const encodePostPayload = (post: PostPayload): Uint8Array => encodeCbor([...signer(post), post.text])

/** `[account, command, [origin, sequence], tag]`, without the tag where it is not known. */
export const encodePostDeletionPayload = (change: Omit<PostDeletionChange, 'kind'>): Uint8Array =>
  encodeCbor([...signer(change), updateFields(change.post), ...tagFields(change.tag)])

/** `[account, command, whom, 1 for follows and 0 for not, when it was said]`. */
export const encodeFollowPayload = (change: Omit<FollowChange, 'kind'>): Uint8Array =>
  encodeCbor([...signer(change), fromBase64Url(change.whom), codes[change.state], ...saidFields(change)])

/** All of a post's payload, for those who read it. */
export const decodePostPayload = (payload: Uint8Array): Result<PostPayload> => readWhole(payload, readPostPayload)

export const readPost = (reader: CborReader): PostChange => {
  const { account, command } = readPostPayload(reader)
  return { kind: 'post', account, command }
}

export const readPostDeletion = (reader: CborReader): PostDeletionChange => {
  const fields = reader.list(deletionFields - 1, deletionFields, 'fields')
  const [signedBy, post] = [readSigner(reader), readUpdateId(reader)]
  return { kind: 'postDeletion', ...signedBy, post, tag: readTagField(reader, fields, deletionFields) }
}

export const readFollow = (reader: CborReader): FollowChange => {
  const all = reader.list(followFields - 1, followFields, 'fields')
  const signedBy = readSigner(reader)
  const whom: AccountId = readAccountId(reader)
  const state = reader.uint(codes.follows) === codes.follows ? 'follows' : 'not'
  return { kind: 'follow', ...signedBy, whom, state, ...readSaid(reader, all, followFields) }
}

const readPostPayload = (reader: CborReader): PostPayload => {
  reader.tuple(3)
  const signedBy = readSigner(reader)
  const text = reader.text(limits.postChars, 'post')
  return text === '' ? malformed('a post is empty') : { ...signedBy, text }
}
