import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { PeopledGroup } from './bench-group.ts'
import {
  allFive,
  atRest,
  bodyChars,
  endGroup,
  makeGroup,
  nameOf,
  personAt,
  pidsOf,
  processorSeconds,
  warmUp,
} from './bench-group.ts'
import { seededRandom, textOf } from './corpus.ts'
import type { Bench, BenchScale, Sample } from './figures.ts'
import { atMost, limitOf, percentile } from './figures.ts'
import { durableAppendsASecond } from './machine-limits.ts'

const measured = 1
const comingASecond = 500
const mails = 200
const warmUpMails = 100
const warmUpBulk = 2_000
const msPerSecond = 1_000

/** A person sends one mail at a time while the four others' mails come in: from the written request to the durable answer. */
export const ackBench: Bench = {
  name: 'ack',
  about: `a send answered (durable there), one at a time, while ${comingASecond} mails/s come in from the other four`,
  figures: [
    { name: 'answered, p50', unit: 'ms', target: null, limit: 'one append + fsync' },
    { name: 'answered, p99', unit: 'ms', target: atMost(5), limit: null },
    { name: 'mails that came in', unit: 'mails/s', target: null, limit: null },
    { name: 'cores that the replicas take', unit: 'cores', target: null, limit: null },
  ],
  prepare: async (scale) => {
    const peopled = await makeGroup(path.join(scale.directory, 'ack'))
    await peopled.group.endOperators()
    await warmUp(peopled, Math.ceil(warmUpBulk * scale.share))
    await atRest(pidsOf(peopled.group))
    await measure(peopled, Math.ceil(warmUpMails * scale.share))
    return { run: () => runOnce(peopled, scale), end: () => endGroup(peopled.group) }
  },
}

const runOnce = async (peopled: PeopledGroup, { directory, share }: BenchScale): Promise<Sample> => {
  const before = await processorSeconds(peopled)
  const began = performance.now()
  const { answers, rate } = await measure(peopled, Math.ceil(mails * share))
  const seconds = (performance.now() - began) / msPerSecond
  const after = await processorSeconds(peopled)
  return new Map([
    ['answered, p50', percentile(answers, 0.5)],
    [limitOf('answered, p50'), msPerSecond / (await durableAppendsASecond(directory, 1))],
    ['answered, p99', percentile(answers, 0.99)],
    ['mails that came in', rate],
    ['cores that the replicas take', (after.replicas - before.replicas) / seconds],
  ])
}

/** Milliseconds of each answer, and what the others really sent meanwhile: a machine that is too small sends less. */
const measure = async (
  { people }: PeopledGroup,
  count: number,
): Promise<{ readonly answers: readonly number[]; readonly rate: number }> => {
  const others = allFive.filter((server) => server !== measured)
  const random = seededRandom(1)
  const letter = (): { readonly to: readonly string[]; readonly subject: string; readonly body: string } => ({
    to: [nameOf(measured)],
    subject: 'while others write',
    body: textOf('natural', bodyChars, random),
  })
  let isOver = false
  let sent = 0
  const perPersonMs = (msPerSecond * others.length) / comingASecond
  const sending = others.map(async (server) => {
    const answered: Promise<unknown>[] = []
    for (let next = performance.now(); !isOver; next += perPersonMs) {
      answered.push(personAt(people, server).ask('send', letter()))
      sent += 1
      await pause(Math.max(0, next + perPersonMs - performance.now()))
    }
    await Promise.all(answered)
  })
  const began = performance.now()
  const answers: number[] = []
  const to = others.map(nameOf)
  while (answers.length < count) {
    const asked = performance.now()
    await personAt(people, measured).ask('send', { ...letter(), to })
    answers.push(performance.now() - asked)
  }
  const rate = (sent * msPerSecond) / (performance.now() - began)
  isOver = true
  await Promise.all(sending)
  return { answers, rate }
}
