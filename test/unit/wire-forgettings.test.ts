import { expect, test } from 'vitest'
import { commandId, type DocumentId, documentId } from '../../replica/core/model/ids.ts'
import type { ForgettingRecord, StateImage } from '../../replica/core/model/image.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { groupContext } from '../../replica/wire/group-context.ts'
import { decodeReceivedImageInParts } from '../../replica/wire/image-decode.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { encodeForgettingPayload, inOrder } from '../../replica/wire/mailbox-payloads.ts'
import { decodePayload } from '../../replica/wire/payload-codec.ts'
import { encodeUpdate, signPayload } from '../../replica/wire/update-codec.ts'
import { groupId, installs, people, wire } from '../property/arbitraries.ts'
import { emptyImage } from '../support/empty-image.ts'
import { inOneGo } from '../support/in-one-go.ts'

const { origin } = installs[0]!
const [alice, bob] = [people[0]!, people[1]!]
const signer = { account: alice.account, command: commandId('AAAAAAAAAAAAAAAA') }

const named = (number: number): DocumentId => {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32BE(number)
  return documentId(bytes.toString('base64url'))
}
const read = (documents: readonly DocumentId[]) => {
  const result = decodePayload('forgetting', encodeForgettingPayload({ ...signer, saidUpTo: 5, documents }))
  return result.ok ? result.value : result.failure.code
}

test('a forgetting names each document once, as their bytes ascend, and no more than a person can have', () => {
  // By their texts these would stand the other way round.
  const [first, second] = [documentId('z'.repeat(21) + 'w'), documentId('-'.repeat(21) + 'w')]
  expect(read(inOrder([second, first]))).toMatchObject({ documents: [first, second] })
  expect(read([second, first])).toBe('BAD_REQUEST')
  expect(read([first, first])).toBe('BAD_REQUEST')
  const all = Array.from({ length: limits.forgettingDocuments + 1 }, (_, number) => named(number))
  expect(read(all.slice(1))).toMatchObject({ kind: 'forgetting' })
  expect(read(all)).toBe('TOO_MANY')
})

const forgetting = (privateKey = alice.privateKey): ForgettingRecord => {
  const said = { ...signer, kind: 'forgetting', saidUpTo: 5, documents: [named(1)] } as const
  const payload = encodeForgettingPayload(said)
  const signature = signPayload(groupId, 'forgetting', payload, privateKey)
  const bytes = encodeUpdate({ clock: 9, change: { change: said, payload, signature } })
  return { account: alice.account, origin, sequence: 7, clock: 9, saidUpTo: 5, documents: said.documents, bytes }
}

const received = (held: number, ...forgettings: readonly ForgettingRecord[]) => {
  const hashes: StateImage['hashes'] = new Map([[origin, wire.firstHash(origin)]])
  const image = { ...emptyImage, vector: new Map([[origin, held]]), hashes, forgettings }
  const read = inOneGo(decodeReceivedImageInParts(groupContext(groupId), encodeImage(image)))
  return read.ok ? read.value.forgettings : read.failure.code
}

test('a state that comes from another replica lets nothing be forgotten that its person has not signed', () => {
  expect(received(7, forgetting())).toEqual([forgetting()])
  expect(received(7, forgetting(bob.privateKey))).toBe('BAD_SIGNATURE')
  expect(received(6, forgetting())).toBe('DAMAGED')
})
