import { describe, expect, test } from 'vitest'
import type { Command, Effects } from '../../replica/core/effects.ts'
import type { OriginId, PeerId } from '../../replica/core/model/ids.ts'
import { originId, serverId, updateId } from '../../replica/core/model/ids.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'
import {
  commandNamed,
  deletionOf,
  foundedCore,
  give,
  greet,
  identity,
  inviteNamed,
  mailTo,
  noonMs,
  person,
  signUp,
  startCore,
} from '../support/core-fixture.ts'

const submit = (signed: Extract<Command, { kind: 'submit' }>['signed']): Command => ({ kind: 'submit', signed })
const outcomes = (effects: Effects): readonly string[] =>
  [...effects.answer]
    .sort((left, right) => left.ticket - right.ticket)
    .map(({ result }) => (result.ok ? result.value.update : result.failure.code))

const invite = (name: string, expiresAtMs = noonMs + 1_000): Command => ({
  kind: 'invite',
  invite: inviteNamed(name),
  expiresAtMs,
})
const admit = (name: string, peer: PeerId, server: number | null): Command => ({
  kind: 'admit',
  invite: inviteNamed(name),
  peer,
  server: server === null ? null : serverId(server),
})
const { peer: peerB } = identity(2, 'b')
const { peer: peerC } = identity(2, 'c')

describe('an invite', () => {
  test('lets one machine in, once', () => {
    const core = foundedCore()
    give(core, invite('one'))
    const answer = give(core, admit('one', peerB, 2)).answer[0]
    expect(answer?.result).toMatchObject({ ok: true, value: { server: 2, batch: { origin: core.identity.origin } } })
    expect(outcomes(give(core, admit('one', peerC, 3)))).toEqual(['INVITE_USED'])
  })

  test('is refused when it has expired or nobody made it', () => {
    const core = foundedCore()
    give(core, invite('old', noonMs))
    expect(outcomes(give(core, admit('old', peerB, 2)))).toEqual(['INVITE_EXPIRED'])
    expect(outcomes(give(core, admit('none', peerB, 2)))).toEqual(['BAD_INVITE'])
  })

  test('lets two machines in when they come in one step only on two invites, and to two seats', () => {
    const core = foundedCore()
    give(core, invite('one'), invite('two'))
    expect(outcomes(give(core, admit('one', peerB, 2), admit('two', peerC, 2)))).toEqual(['1.aaaaaaaa:5', 'SEAT_TAKEN'])
  })

  test('is spent by the first of two machines that come in one step', () => {
    const core = foundedCore()
    give(core, invite('one'))
    expect(outcomes(give(core, admit('one', peerB, null), admit('one', peerC, null)))).toEqual([
      '1.aaaaaaaa:4',
      'INVITE_USED',
    ])
  })

  test('finds no seat when all are taken or promised', () => {
    const core = foundedCore()
    const names = ['b', 'c', 'd', 'e']
    give(core, ...[...names, 'f'].map((name) => invite(name)))
    for (const name of names) give(core, admit(name, identity(2, name).peer, null))
    expect(outcomes(give(core, admit('f', identity(2, 'f').peer, null)))).toEqual(['NO_SEAT_FREE'])
    expect(outcomes(give(core, admit('f', identity(2, 'f').peer, 1)))).toEqual(['SEAT_TAKEN'])
  })
})

describe('a command', () => {
  test('that is given twice in one step or later is executed once', () => {
    const core = foundedCore(['ada'])
    const mail = submit(mailTo('ada', ['ada'], 'first mail'))
    expect(outcomes(give(core, mail, mail))).toEqual(['1.aaaaaaaa:4', '1.aaaaaaaa:4'])
    const again = give(core, mail)
    expect(outcomes(again)).toEqual(['1.aaaaaaaa:4'])
    expect(again.persist).toEqual([])
    expect(core.state.mails.size).toBe(1)
  })

  test('that was executed before a restart is not executed again', () => {
    const core = foundedCore(['ada'])
    const mail = submit(mailTo('ada', ['ada'], 'first mail'))
    const { persist } = give(core, mail)
    const image = core.state.image()
    const restarted = startCore(core.identity, { image, suffix: persist, highest: image.vector })
    expect(outcomes(give(restarted, mail))).toEqual(['1.aaaaaaaa:4'])
    expect(restarted.state.mails.size).toBe(1)
  })

  test('is not answered with what somebody else did by a command of the same name', () => {
    const core = foundedCore(['ada', 'bob'])
    const adas = submit(mailTo('ada', ['bob'], 'the mail'))
    const bobs = submit(mailTo('bob', ['bob'], 'the mail'))
    expect(outcomes(give(core, bobs, adas))).toEqual(['1.aaaaaaaa:5', 'BUSY'])
    expect(outcomes(give(core, adas))).toEqual(['1.aaaaaaaa:6'])
    expect(outcomes(give(core, adas, bobs))).toEqual(['1.aaaaaaaa:6', '1.aaaaaaaa:5'])
    expect(core.state.mails.size).toBe(2)
  })

  test('reserves a name for the rest of its step', () => {
    const core = foundedCore()
    const other = signUp('Bob')
    expect(outcomes(give(core, submit(signUp('bob')), submit(other)))).toEqual(['1.aaaaaaaa:3', 'NAME_TAKEN'])
  })

  test('to somebody who does not exist, or by nobody, is refused', () => {
    const core = foundedCore(['ada'])
    expect(outcomes(give(core, submit(mailTo('ada', ['zoe'], 'one')), submit(mailTo('zoe', ['ada'], 'two'))))).toEqual([
      'NO_SUCH_ACCOUNT',
      'NO_SUCH_ACCOUNT',
    ])
  })

  test('deletes only what its person has', () => {
    const core = foundedCore(['ada', 'bob', 'cleo'])
    give(core, submit(mailTo('ada', ['bob'], 'mail')))
    const id = core.state.commands.get(mailTo('ada', ['bob'], 'mail').change.command)?.update
    if (id === undefined) throw new Error('the mail was sent')
    expect(outcomes(give(core, submit(deletionOf('cleo', id, 'not hers'))))).toEqual(['NO_SUCH_MAIL'])
    expect(
      outcomes(give(core, submit(deletionOf('bob', id, 'his')), submit(deletionOf('ada', id, 'hers')))),
    ).toHaveLength(2)
    expect(core.state.mails.size).toBe(0)
    expect(outcomes(give(core, submit(deletionOf('bob', id, 'again'))))).toEqual(['NO_SUCH_MAIL'])
  })

  test('tells of a mail that has not come here nothing else', () => {
    const core = foundedCore(['bob'])
    const elsewhere = updateId(originId('2.bbbbbbbb'), 7)
    const [answer] = give(core, submit(deletionOf('bob', elsewhere, 'early'))).answer
    const message: unknown = expect.stringContaining('not come to this server yet')
    expect(answer?.result).toMatchObject({ ok: false, failure: { code: 'NO_SUCH_MAIL', message } })
  })

  test('is answered only after what it wrote is to be persisted, in the same step', () => {
    const effects = give(foundedCore(), submit(signUp('ada')))
    expect(Object.keys(effects).indexOf('persist')).toBeLessThan(Object.keys(effects).indexOf('answer'))
    expect(effects.persist).toHaveLength(1)
    expect(effects.answer).toHaveLength(1)
  })

  test('waits while the own log may have to be taken back, until all seats have told that there is nothing', () => {
    const founded = foundedCore(['ada'])
    const other = identity(2, 'b')
    const claim = makeBatchOf(other.origin)(1, firstHash(other.origin), [
      { clock: 1, change: { kind: 'seat', server: other.server, peer: other.peer, machine: 'b', replaces: null } },
    ])
    founded.step(noonMs, [{ kind: 'handedIn', batches: [claim] }])
    const image = founded.state.image()
    const core = startCore(founded.identity, { image, suffix: [], highest: new Map([[founded.identity.origin, 9]]) })
    const mail = submit(mailTo('ada', ['ada'], 'patient'))
    expect(give(core, mail)).toMatchObject({ answer: [], persist: [] })
    expect(core.hindrance).toBe('reclaiming')
    greet(core, other, new Map([[other.origin, image.vector]]))
    expect(core.hindrance).toBe(null)
    expect(outcomes(core.step(noonMs + 50, [{ kind: 'tick' }]))).toEqual(['1.aaaaaaaa:4'])
  })

  test.each([
    ['says that there is no more of it', 3, 0],
    ['says that it has more of it, and does not bring it for half a minute', 9, 31_000],
  ])('waits for who is away, who may have more of what left traces, until that one %s', (_, has, forMs) => {
    const founded = foundedCore(['ada'])
    const [here, away] = [identity(2, 'b'), identity(3, 'c')]
    const claims = [here, away].map(({ origin, server, peer }) =>
      makeBatchOf(origin)(1, firstHash(origin), [
        { clock: 1, change: { kind: 'seat', server, peer, machine: 'a machine', replaces: null } },
      ]),
    )
    founded.step(noonMs, [{ kind: 'handedIn', batches: claims }])
    const image = founded.state.image()
    const core = startCore(founded.identity, { image, suffix: [], highest: new Map([[founded.identity.origin, 9]]) })
    const rowOf = ({ origin }: typeof here, held: number) =>
      new Map([[origin, new Map([...image.vector, [founded.identity.origin, held] as const])]])
    const pass = (fromMs: number, toMs: number): void => {
      for (let ms = fromMs; ms <= toMs; ms += 500) core.step(noonMs + ms, [{ kind: 'tick' }])
    }
    greet(core, here, rowOf(here, 3))
    pass(0, 60_000)
    expect(core.hindrance).toBe('reclaiming')
    greet(core, away, rowOf(away, has))
    pass(60_500, 60_500 + forMs)
    expect(core.hindrance).toBe(null)
  })

  test('waits for the disk where it may read another time what nobody else has of the own log', () => {
    const founded = foundedCore(['ada'])
    const { origin } = founded.identity
    const found = { image: founded.state.image(), suffix: [], highest: new Map([[origin, 9]]) }
    const hindranceOf = (unread: ReadonlySet<OriginId>): unknown => {
      const core = startCore(founded.identity, { ...found, unread })
      for (let atMs = noonMs; atMs <= noonMs + 40_000; atMs += 500) core.step(atMs, [{ kind: 'tick' }])
      return core.hindrance
    }
    expect(hindranceOf(new Set([origin]))).toBe('reclaiming')
    expect(hindranceOf(new Set())).toBe(null)
  })
})

test('a changed password is told of, so that who is logged in can look at it', () => {
  const core = foundedCore(['ann'])
  const change = {
    kind: 'accountKeys',
    account: person('ann'),
    command: commandNamed('keys'),
    generation: 1,
    sealedKeys: new Uint8Array(2),
  } as const
  const told = give(core, submit({ change, payload: new Uint8Array(), signature: new Uint8Array(64) })).notify
  expect(told).toContainEqual({ kind: 'people' })
})
