import type { PersonChange } from '../core/model/updates.ts'
import type { GroupState } from '../core/state/group-state.ts'
import { decodePayload } from '../wire/payload-codec.ts'
import { signedPartsOf } from '../wire/signed-parts.ts'
import type { Reissued } from './reissue.ts'

/**
 * People, and the locks of their keys, that a copy's state knows and the present one does not, as they signed them. Where the copy's log was
 * compacted nothing else shows them any more, and without their keys nobody could open what is given back to them.
 */
export const peopleOnlyIn = (aside: GroupState, present: GroupState): readonly Reissued[] => {
  const isGone = (account: Parameters<typeof present.accounts.isDeleted>[0]): boolean =>
    present.accounts.isDeleted(account) || aside.accounts.isDeleted(account)
  const accounts = aside.accounts
    .records()
    .filter(({ account }) => !isGone(account) && present.accounts.get(account) === undefined)
  const keys = aside.accountKeys
    .records()
    .filter(({ account }) => !isGone(account))
    .filter(({ account, generation }) => generation > (present.accountKeys.get(account)?.generation ?? 0))
  return [
    ...accounts.flatMap((record) => wishOf('account', record)),
    ...keys.flatMap((record) => wishOf('accountKeys', record)),
  ]
}

const wishOf = (
  kind: PersonChange['kind'] & ('account' | 'accountKeys'),
  { bytes, clock }: { readonly bytes: Uint8Array; readonly clock: number },
): readonly Reissued[] => {
  const parts = signedPartsOf(bytes)
  const change = parts.ok ? decodePayload(kind, parts.value.payload) : parts
  if (!parts.ok || !change.ok) return []
  const { payload, signature } = parts.value
  return [{ kind: 'reissue', change: { change: change.value, payload, signature }, clock, reason: 'to have it' }]
}
