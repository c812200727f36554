import { expect, test } from 'vitest'
import type { SayAnew, Submission } from '../../replica/api/contract.ts'
import { WordClock } from '../../replica/client/word-clock.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { decodeDocumentPayload } from '../../replica/wire/mailbox-payloads.ts'
import { sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const nowMs = 1_700_000_000_000
const now = nowMs * 1_000
const hour = 3_600_000_000

const clockAt = (ms: () => number): WordClock => new WordClock({ nowMs: ms, after: () => () => undefined })

test('each word is said later than the one before, whatever the clock does', () => {
  let ms = nowMs
  const clock = clockAt(() => ms)
  expect([clock.now(), clock.now()]).toEqual([now, now + 1])
  ms -= 5_000
  expect(clock.now()).toBe(now + 2)
  ms += 5_001
  expect(clock.now()).toBe(now + 1_000)
})

test('a clock that is behind keeps up with the servers; that one thing was spoken of far ahead changes nothing for others', () => {
  const clock = clockAt(() => nowMs)
  expect(clock.after({ by: now + hour - 60_000_000, clock: now + hour })).toBe(now + hour)
  expect(clock.now()).toBe(now + hour + 1)
  expect(clock.after({ by: now + 100 * hour, clock: now + hour })).toBe(now + 100 * hour + 1)
  expect(clock.now()).toBeLessThan(now + hour + 10)
  expect(clock.after({ by: limits.lastClock, clock: now })).toBe(limits.lastClock)
  clock.atAnotherServer()
  expect(clock.now()).toBe(now)
})

test('a clock that is set right is gone by again', () => {
  let ms = nowMs - 3_600_000_000
  const clock = clockAt(() => ms)
  expect(clock.after({ by: 0, clock: now })).toBe(now)
  ms = nowMs + 60_000
  expect(clock.now()).toBe(now + 60_000_000)
})

/** A replica that has words said anew as long as there is an answer for it, and notes when those that it took were said. */
class LaterReplica extends MemoryReplica {
  answers: SayAnew[] = []
  readonly taken: (readonly [command: string, saidAt: number | undefined])[] = []

  override execute(submission: Submission, session: Parameters<MemoryReplica['execute']>[1]) {
    if (submission.kind === 'document') {
      const answer = this.answers.shift()
      if (answer !== undefined) return { ok: true as const, value: answer }
      const read = decodeDocumentPayload(submission.payload)
      this.taken.push([submission.command, read.ok ? read.value.saidAt : undefined])
    }
    return super.execute(submission, session)
  }
}

const later = (by: number): SayAnew => ({ overtaken: { by, clock: now } })

test('a word that would not count is said anew, as the same wish, and those that follow stay in their order', async () => {
  const replica = new LaterReplica()
  const ann = await signedUp(replica, 'ann')
  const { draft } = await ann.saveDraft({ to: [], subject: 'one', body: '' })
  const far = (replica.taken[0]?.[1] ?? 0) + 1_000 * hour
  replica.answers = [later(far), later(far), later(far + 5)]
  await Promise.all([
    ann.saveDraft({ to: [], subject: 'two', body: '', draft }),
    ann.saveDraft({ to: [], subject: 'three', body: '', draft }),
  ])
  const [, two, three] = replica.taken
  expect(two?.[1]).toBe(far + 6)
  expect(three?.[1]).toBe(far + 1)
  expect(new Set(replica.submissions.map(({ command }) => command)).size).toBe(replica.submissions.length)
  expect((await ann.drafts()).drafts).toMatchObject([{ subject: 'three' }])
  // What else is said goes by the clock as before.
  await ann.saveDraft({ to: [], subject: 'another', body: '' })
  expect(replica.taken.at(-1)?.[1]).toBeLessThan(far)
})

test('a server that never has enough is not asked for ever', async () => {
  const replica = new LaterReplica()
  const ann = await signedUp(replica, 'ann')
  replica.answers = Array.from({ length: 100 }, () => later(now))
  await expect(ann.saveDraft({ to: [], subject: 'one', body: '' })).rejects.toMatchObject({ code: 'BUSY' })
  expect(replica.answers.length).toBeGreaterThan(80)
  replica.answers = []
  await ann.saveDraft({ to: [], subject: 'two', body: '' })
  expect((await ann.drafts()).drafts).toMatchObject([{ subject: 'two' }])
  const mail = await sendNow(ann, { to: ['ann'], subject: 'goes on', body: '' })
  expect(await ann.read({ mail })).toMatchObject({ subject: 'goes on' })
})
