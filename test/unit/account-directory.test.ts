import { expect, test } from 'vitest'
import type { AccountInfo } from '../../replica/api/contract.ts'
import { AccountDirectory, verifiedAccount } from '../../replica/client/account-directory.ts'
import { makePrivateHalves, personKeysOf } from '../../replica/client/person-keys.ts'
import { encodeAccountPayload } from '../../replica/wire/payload-codec.ts'
import { signPayload } from '../../replica/wire/update-codec.ts'
import { commandNamed } from '../support/core-fixture.ts'

const groupId = new Uint8Array(16)

const infoOf = async (name: string, byte: number): Promise<AccountInfo> => {
  const { account, sealKey, signKey } = await personKeysOf(
    makePrivateHalves((length) => new Uint8Array(length).fill(byte)),
  )
  const fields = { account, name, sealKey, sealedKeys: new Uint8Array(9) }
  const payload = encodeAccountPayload({ command: commandNamed(name), ...fields })
  return {
    ...fields,
    payload,
    signature: signPayload(groupId, 'account', payload, signKey),
    keys: null,
    keysChanged: null,
  }
}

test('a name that was looked up is known to who asked, whatever is forgotten meanwhile', async () => {
  const people = [await infoOf('Ada', 1), await infoOf('Bob', 2)]
  const lookUp = () => {
    const answer = [...people]
    answer[Symbol.iterator] = function* (): Generator<AccountInfo, undefined> {
      for (const info of people) {
        // A connection that is lost and made again makes the directory forget.
        directory.forgetAll()
        yield info
      }
      directory.forgetAll()
      return undefined
    }
    return Promise.resolve(answer)
  }
  const clock = { nowMs: () => 0, after: () => () => undefined, every: () => () => undefined }
  const directory = new AccountDirectory(lookUp, clock)
  const found = await directory.recipients(groupId, ['ada', 'Bob'])
  expect(found.map(({ recipient }) => recipient.account)).toEqual(people.map(({ account }) => account))
})

test('an account is believed as its person signed it, by its name or by one that it was told apart by, and no other', async () => {
  const [bob, eve] = [await infoOf('Bob', 2), await infoOf('Eve', 3)]
  const fails = expect.objectContaining({ code: 'BAD_SIGNATURE' }) as unknown
  const believed = (info: AccountInfo): unknown => {
    try {
      return verifiedAccount(groupId, info).account
    } catch (error) {
      return error
    }
  }
  expect(believed(bob)).toBe(bob.account)
  expect(believed({ ...bob, name: 'Bob~2' })).toBe(bob.account)
  expect(believed({ ...eve, name: 'Bob' })).toEqual(fails)
  expect(believed({ ...eve, name: 'Bob~2' })).toEqual(fails)
  expect(believed({ ...bob, name: 'Bobby' })).toEqual(fails)
  for (const field of ['account', 'sealKey', 'payload', 'signature'] as const)
    expect(believed({ ...bob, [field]: eve[field] })).toEqual(fails)
  expect(believed({ ...bob, sealedKeys: new Uint8Array(8) })).toEqual(fails)
  expect(believed({ ...bob, keys: { payload: bob.payload, signature: bob.signature } })).toEqual(fails)
})
