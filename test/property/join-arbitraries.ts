import fc from 'fast-check'
import type { JoinAnswer, JoinRequest } from '../../replica/core/model/messages.ts'
import type { Invite } from '../../replica/wire/invite-codec.ts'
import { addresses, anyInviteId, batch, bytes, label, peer, server } from './arbitraries.ts'

export const joinRequest: fc.Arbitrary<JoinRequest> = fc.record({
  token: bytes(16),
  peer,
  server: fc.option(server),
  machine: label,
})
export const joinAnswer: fc.Arbitrary<JoinAnswer> = fc.record({
  server,
  groupName: label,
  invite: anyInviteId,
  admission: batch,
  vouchers: fc.array(batch, { maxLength: 3 }),
})

export const invite: fc.Arbitrary<Invite> = fc.record({
  groupId: bytes(16),
  groupName: label,
  groupKey: bytes(32),
  token: bytes(16),
  expiresAtMs: fc.maxSafeNat(),
  addresses,
})
