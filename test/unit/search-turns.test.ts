import { describe, expect, test } from 'vitest'
import type { ReplicaApi } from '../../replica/api/contract.ts'
import { compareWithMailbox } from '../../replica/client/search/mailbox-comparison.ts'
import { MailIndexer } from '../../replica/client/search/mail-indexer.ts'
import { Turns } from '../../replica/client/search/turns.ts'
import type { Session } from '../../replica/client/session.ts'
import { originId, updateId, type UpdateId } from '../../replica/core/model/ids.ts'
import { systemTestClock } from '../support/client-ports.ts'

const mailNumber = (number: number): UpdateId => updateId(originId('1.abcdefgh'), number)

/** What happened, in order: calls of the replica, turns of the event loop, and work on what was answered. */
type Log = string[]

const clockOf = (log: Log): typeof systemTestClock => ({
  ...systemTestClock,
  after: (delayMs, task) =>
    systemTestClock.after(delayMs, () => {
      log.push('turn')
      task()
    }),
})

/** Of each answer: whether a turn came before the first work on it. */
const workedAfterTurn = (log: Log, work: string): readonly boolean[] =>
  log.flatMap((entry, at) => {
    if (entry !== 'answer') return []
    const next = log.slice(at + 1).find((later) => later === 'turn' || later === work || later === 'answer')
    return next === 'answer' || next === undefined ? [] : [next === 'turn']
  })

describe('the turn of the event loop that brings an answer of the replica', () => {
  test('is over before the names in it are compared with the index', async () => {
    const log: Log = []
    const clock = clockOf(log)
    const pages = new Map([
      ['inbox', [1, 2, 3]],
      ['sent', [3, 4]],
      ['trash', []],
    ])
    const mailNames = (query: { readonly folder: string }): unknown => {
      log.push('answer')
      return Promise.resolve({ mails: (pages.get(query.folder) ?? []).map(mailNumber), next: null })
    }
    const differences = await compareWithMailbox({
      call: (request) => request({ mailNames } as unknown as ReplicaApi),
      turns: new Turns((delayMs, task) => clock.after(delayMs, task)),
      indexed: () => [2, 9].map(mailNumber),
      isKnown: (mail) => {
        log.push('work')
        return mail === mailNumber(2)
      },
      isOver: () => false,
    })
    expect(differences).toEqual({ missing: [1, 3, 3, 4].map(mailNumber), gone: [mailNumber(9)] })
    expect(workedAfterTurn(log, 'work')).toEqual([true, true, true])
  })

  test('is over before the mails in it are opened', async () => {
    const log: Log = []
    const clock = clockOf(log)
    const api = {
      mailNames: ({ folder }: { readonly folder: string }) =>
        Promise.resolve({ mails: folder === 'inbox' ? [1, 2, 3].map(mailNumber) : [], next: null }),
      counts: () => Promise.resolve({ inbox: 3, sent: 0, trash: 0 }),
      fetchMany: ({ mails }: { readonly mails: readonly UpdateId[] }) => {
        log.push('answer')
        return Promise.resolve({ mails: mails.map((mail) => ({ mail })), covered: mails.length })
      },
    }
    const open = (): never => {
      log.push('work')
      throw new Error('what is in it does not matter here')
    }
    const indexer = new MailIndexer({
      session: { opener: { open } } as unknown as Session,
      people: { nameOf: (name) => name, asFarAsKnown: () => Promise.resolve() },
      clock,
      saving: null,
      ready: Promise.resolve(),
      call: (request) => request(api as unknown as ReplicaApi),
      askedMs: () => -Infinity,
    })
    await indexer.upToDate(null)
    await indexer.close()
    expect(indexer.progress).toEqual({ indexed: 3, mails: 3 })
    expect(workedAfterTurn(log, 'work')).toEqual([true])
  })
})

test('long work is given up every few milliseconds, by the clock', async () => {
  const log: Log = []
  const clock = clockOf(log)
  const turns = new Turns((delayMs, task) => clock.after(delayMs, task))
  for (let piece = 0; piece < 20; piece += 1) {
    const untilMs = performance.now() + 1
    while (performance.now() < untilMs);
    await turns.pass()
  }
  expect(log.length).toBeGreaterThanOrEqual(4)
})
