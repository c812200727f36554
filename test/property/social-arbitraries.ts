import fc from 'fast-check'
import type { AccountId, CommandId, UpdateId } from '../../replica/core/model/ids.ts'
import type { PersonChange } from '../../replica/core/model/updates.ts'
import {
  encodeFollowPayload,
  encodePostDeletionPayload,
  encodePostPayload,
} from '../../replica/wire/social-payloads.ts'

interface Ids {
  readonly account: fc.Arbitrary<AccountId>
  readonly command: fc.Arbitrary<CommandId>
  readonly anyUpdateId: fc.Arbitrary<UpdateId>
}

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })

/** Posts and follows of one person, as they are signed. */
export const socialPayloads = (
  from: AccountId,
  { account, command, anyUpdateId }: Ids,
): fc.Arbitrary<{ readonly change: PersonChange; readonly payload: Uint8Array }> => {
  const signer = { account: fc.constant(from), command }
  return fc.oneof(
    fc.record({ ...signer, text }).map((post) => ({
      change: { kind: 'post' as const, account: post.account, command: post.command },
      payload: encodePostPayload(post),
    })),
    fc
      .record({ ...signer, kind: fc.constant('postDeletion' as const), post: anyUpdateId })
      .map((change) => ({ change, payload: encodePostDeletionPayload(change) })),
    fc
      .record({
        ...signer,
        kind: fc.constant('follow' as const),
        whom: account,
        state: fc.constantFrom('follows' as const, 'not' as const),
      })
      .map((change) => ({ change, payload: encodeFollowPayload(change) })),
  )
}
