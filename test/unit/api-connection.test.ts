import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Reader } from '../../replica/api/reader.ts'
import { type ConnectionPorts, ServiceConnection } from '../../replica/api/service-connection.ts'
import { Throttle } from '../../replica/api/throttle.ts'
import { accountId, serverId, sessionId } from '../../replica/core/model/ids.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import type { LogInVerdict } from '../../replica/core/model/session-place.ts'
import { codeOf } from '../support/code-of.ts'
import { foundedCore, give, mailTo, person } from '../support/core-fixture.ts'
import { ManualClock } from '../support/manual-clock.ts'

const hostOf = (core: ReplicaCore) => ({
  read: <Answer>(query: (of: ReplicaCore) => Answer) => Promise.resolve(query(core)),
})

describe('who logs in', () => {
  const groupId = new Uint8Array(16).fill(1)
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const account = accountId(publicKey.export({ format: 'jwk' }).x ?? '')
  const session = sessionId(randomBytes(12).toString('base64url'))

  /** At a server where the account has signed up, unless `is` says otherwise. */
  const connect = ({
    is = 'known',
    verdict = { kind: 'taken', clock: 7 },
  }: { readonly is?: 'known' | 'unknown' | 'deleted'; readonly verdict?: LogInVerdict } = {}) => {
    const accounts = { isDeleted: () => is === 'deleted', get: () => (is === 'unknown' ? undefined : {}) }
    const connection = new ServiceConnection({
      install: { groupId },
      host: hostOf({ state: { accounts } } as unknown as ReplicaCore),
      clock: new ManualClock(),
      randomBytes: (count: number) => new Uint8Array(randomBytes(count)),
      judgeLogIn: () => Promise.resolve(verdict),
      sessionsChanged: () => undefined,
    } as unknown as ConnectionPorts)
    const signed = (challenge: Uint8Array, group = groupId): Uint8Array =>
      new Uint8Array(sign(null, Buffer.concat([Buffer.from('quintet/log-in/1'), group, challenge]), privateKey))
    const logIn = (signature: Uint8Array) =>
      connection.logIn({ account, signature, session, clock: null, machine: 'a machine' })
    return { connection, signed, logIn }
  }

  test('has signed for the challenge that was given last, in this group, and each serves once', async () => {
    const { connection, signed, logIn } = connect()
    expect(await codeOf(logIn(signed(new Uint8Array(32))))).toBe('BAD_SIGNATURE')
    const former = await connection.challenge()
    const last = await connection.challenge()
    expect(await codeOf(logIn(signed(former)))).toBe('BAD_SIGNATURE')
    expect(await codeOf(logIn(signed(last)))).toBe('BAD_SIGNATURE')
    expect(await codeOf(logIn(signed(await connection.challenge(), new Uint8Array(16))))).toBe('BAD_SIGNATURE')
    expect([connection.account, await codeOf(connection.documents({ shelf: 1 }))]).toEqual([null, 'NOT_LOGGED_IN'])
    const signature = signed(await connection.challenge())
    expect(await logIn(signature)).toEqual({ clock: 7, takenBy: null })
    expect(connection.claim).toEqual({ account, session, clock: 7, machine: 'a machine' })
    await connection.logOut()
    expect([connection.account, await codeOf(logIn(signature))]).toEqual([null, 'BAD_SIGNATURE'])
  })

  test('is not logged in where a later log-in stands, or there is no such account', async () => {
    const by = { server: serverId(2), machine: 'another' }
    const late = connect({ verdict: { kind: 'superseded', by } })
    expect(await late.logIn(late.signed(await late.connection.challenge()))).toEqual({ clock: null, takenBy: by })
    expect(late.connection.account).toBeNull()
    for (const [is, code] of [
      ['deleted', 'NO_SUCH_ACCOUNT'],
      ['unknown', 'NOT_HERE_YET'],
    ] as const) {
      const { connection, signed, logIn } = connect({ is })
      expect([await codeOf(logIn(signed(await connection.challenge()))), connection.account]).toEqual([code, null])
    }
  })
})

test('pages of names go on where the one before ended, and nowhere else', async () => {
  const core = foundedCore(['ada', 'bob'])
  for (const mail of ['one', 'two', 'three']) give(core, { kind: 'submit', signed: mailTo('ada', ['bob'], mail) })
  const reader = new Reader({ host: hostOf(core) } as unknown as ConstructorParameters<typeof Reader>[0])
  const page = (before: string | null) =>
    reader.mailNames(person('bob'), { folder: 'inbox', only: 'all', limit: 2, before })
  const first = await page(null)
  expect([first.mails.length, first.next]).toEqual([2, expect.stringMatching(/^[0-9]+@1\.aaaaaaaa:6$/u)])
  const second = await page(first.next)
  expect([second.next, [...first.mails, ...second.mails].map((id) => id.split(':')[1])]).toEqual([
    null,
    ['7', '6', '5'],
  ])
  for (const before of ['', 'next', '5', '1@', '@1.aaaaaaaa:5', '-1@1.aaaaaaaa:5', '1@1.aaaaaaaa:0'])
    expect(await codeOf(page(before)), before).toBe('BAD_REQUEST')
})

test('what is asked for all the time is done at once, then now and then, and always once more after the last time', () => {
  const clock = new ManualClock()
  let done = 0
  const throttle = new Throttle(clock, 100, () => (done += 1))
  const doneAfter = (asks: number, passMs: number): number => {
    for (let asked = 0; asked < asks; asked += 1) throttle.ask()
    clock.move(passMs)
    return done
  }
  expect([doneAfter(1, 0), doneAfter(5, 99), doneAfter(0, 1), doneAfter(0, 1_000)]).toEqual([1, 1, 2, 2])
  expect([doneAfter(1, 100), doneAfter(0, 100), doneAfter(1, 0), doneAfter(1, 0)]).toEqual([3, 3, 4, 4])
  throttle.end()
  expect([doneAfter(0, 1_000), doneAfter(1, 1_000)]).toEqual([4, 4])
})
