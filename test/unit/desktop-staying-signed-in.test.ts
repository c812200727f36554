import { expect, test } from 'vitest'
import { type LogInKeeper, StayingSignedIn, type StayWish } from '../../electron/state/staying-signed-in.ts'
import { type ErrorCode, QuintetError } from '../../replica/core/model/errors.ts'

const kept = new Uint8Array([7])

/** A client that nobody is logged in at, and who was logged in at the last start; `resumed` says what became of it. */
const lastTime = ({ fails = null as ErrorCode | null } = {}) => {
  const client = {
    loggedInAs: null as string | null,
    keptSession: () => new Uint8Array([client.loggedInAs?.length ?? 0]),
    resumeSession: async () => {
      if (fails !== null) throw new QuintetError(fails, 'It is over.')
      client.loggedInAs = 'anna'
    },
  }
  const file = { content: kept as Uint8Array | null }
  const keeper: LogInKeeper = {
    read: async () => file.content,
    keep: async (secret) => void (file.content = secret),
    forget: async () => void (file.content = null),
  }
  const staying = new StayingSignedIn()
  staying.keepIn(keeper)
  return { client, file, staying }
}

test.each<[StayWish, string | null]>([
  ['on', 'anna'],
  ['asking', 'anna'],
  ['notHere', null],
  ['off', null],
])('a kept log-in is gone on with where that is wanted (%s)', async (wish, name) => {
  const { client, file, staying } = lastTime()
  staying.become(wish)
  await staying.resume(client)
  expect(client.loggedInAs).toBe(name)
  expect(file.content).toBe(kept)
})

test('one that comes late goes over nobody who has logged in meanwhile, nor takes what is kept of them', async () => {
  const { client, file, staying } = lastTime()
  staying.become('on')
  client.loggedInAs = 'ben'
  await staying.resume(client)
  expect(client.loggedInAs).toBe('ben')

  const refused = lastTime({ fails: 'NOT_ALLOWED' })
  refused.staying.become('on')
  const trying = refused.staying.resume(refused.client)
  refused.client.loggedInAs = 'ben'
  refused.staying.keep(refused.client)
  await trying
  expect(refused.file.content).toEqual(new Uint8Array(['ben'.length]))
  expect(file.content).toBe(kept)
})

test.each<[ErrorCode, Uint8Array | null]>([
  ['NOT_ALLOWED', null],
  ['UNREACHABLE', kept],
])('one that is refused is forgotten, one that cannot be tried is not (%s)', async (fails, left) => {
  const { client, file, staying } = lastTime({ fails })
  staying.become('on')
  await staying.resume(client)
  expect(file.content).toBe(left)
})

test.each<StayWish>(['notHere', 'off'])(
  'who logs in where it is not kept leaves nothing of who was before (%s)',
  (wish) => {
    const { client, file, staying } = lastTime()
    staying.become(wish)
    client.loggedInAs = 'ben'
    staying.keep(client)
    expect(file.content).toBeNull()
  },
)
