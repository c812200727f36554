import { setTimeout as pause } from 'node:timers/promises'
import path from 'node:path'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import type { PeopledGroup } from './bench-group.ts'
import { allFive, bodyChars, endGroup, makeGroup, nameOf, personAt, processorSeconds } from './bench-group.ts'
import { seededRandom, textOf } from './corpus.ts'
import type { Bench, BenchScale, Sample } from './figures.ts'
import { atMost, limitOf, percentile } from './figures.ts'
import { durableAppendsASecond } from './machine-limits.ts'

const mails = 300
/** Until then a mail becomes cheaper still: code that is called often is compiled. A replica that has run for a day is there. */
const warmUpMails = 600
const paceMs = 20
const arrivesWithinMs = 20_000
const msPerSecond = 1_000

/** One mail at a time on an idle group: from the written request to the last of four pushes at the four other servers. */
export const latencyBench: Bench = {
  name: 'latency',
  about: 'one mail on an idle group, visible on the other four',
  figures: [
    { name: 'seen by all four, p50', unit: 'ms', target: atMost(8), limit: 'two appends + fsync, one after the other' },
    { name: 'seen by all four, p99', unit: 'ms', target: atMost(40), limit: null },
    { name: 'seen by the first, p50', unit: 'ms', target: null, limit: null },
    { name: 'answered, p50', unit: 'ms', target: null, limit: 'one append + fsync' },
    { name: 'answered, p99', unit: 'ms', target: null, limit: null },
    { name: 'processor time of the replicas', unit: 'ms/mail', target: null, limit: null },
    { name: 'processor time of the clients', unit: 'ms/mail', target: null, limit: null },
  ],
  prepare: async (scale) => {
    const peopled = await makeGroup(path.join(scale.directory, 'latency'))
    const random = seededRandom(1)
    // Nobody's group has five more clients that look on.
    await peopled.group.endOperators()
    await measureMails(peopled, Math.ceil(warmUpMails * scale.share), random)
    return { run: () => runOnce(peopled, scale, random), end: () => endGroup(peopled.group) }
  },
}

const runOnce = async (peopled: PeopledGroup, scale: BenchScale, random: () => number): Promise<Sample> => {
  const before = await processorSeconds(peopled)
  const times = await measureMails(peopled, Math.ceil(mails * scale.share), random)
  const after = await processorSeconds(peopled)
  const appendMs = msPerSecond / (await durableAppendsASecond(scale.directory, 1))
  const seen = times.map(({ last }) => last)
  const answered = times.map(({ answer }) => answer)
  return new Map([
    ['seen by all four, p50', percentile(seen, 0.5)],
    [limitOf('seen by all four, p50'), appendMs * 2],
    ['seen by all four, p99', percentile(seen, 0.99)],
    [
      'seen by the first, p50',
      percentile(
        times.map(({ first }) => first),
        0.5,
      ),
    ],
    ['answered, p50', percentile(answered, 0.5)],
    [limitOf('answered, p50'), appendMs],
    ['answered, p99', percentile(answered, 0.99)],
    ['processor time of the replicas', ((after.replicas - before.replicas) * msPerSecond) / times.length],
    ['processor time of the clients', ((after.clients - before.clients) * msPerSecond) / times.length],
  ])
}

/** Milliseconds from the written request. */
interface MailTimes {
  readonly answer: number
  readonly first: number
  readonly last: number
}

const measureMails = async (
  { people }: PeopledGroup,
  count: number,
  random: () => number,
): Promise<readonly MailTimes[]> => {
  const [sender, ...readers] = allFive.map((server) => personAt(people, server))
  if (sender === undefined) throw new Error('a group has a first server')
  const to = allFive.slice(1).map(nameOf)
  const times: MailTimes[] = []
  for (let index = 0; index < count; index += 1) {
    const body = textOf('natural', bodyChars, random)
    const arrivals = readers.map(nextMail)
    const began = performance.now()
    const answer = sender.ask('send', { to, subject: `letter ${index + 1}`, body }).then(() => performance.now())
    const arrived = await Promise.all(arrivals)
    times.push({
      answer: (await answer) - began,
      first: Math.min(...arrived) - began,
      last: Math.max(...arrived) - began,
    })
    await pause(Math.max(1, paceMs - (performance.now() - began)))
  }
  return times
}

/** When the next mail is pushed to a client. */
const nextMail = ({ process }: MailProcess): Promise<number> => {
  let looked = process.lines.length
  const find = (): number | null => {
    while (looked < process.lines.length) {
      const line = process.lines[looked]
      looked += 1
      if (line?.['event'] === 'mail') return performance.now()
    }
    return null
  }
  return process.until(find, arrivesWithinMs, 'a pushed mail')
}
