import { setTimeout as pause } from 'node:timers/promises'
import path from 'node:path'
import { passwordOf } from '../../build/cluster/group.ts'
import { MailProcess } from '../../build/cluster/mail-process.ts'
import type { PeopledGroup } from './bench-group.ts'
import {
  allFive,
  bodyChars,
  endGroup,
  makeGroup,
  nameOf,
  personAt,
  processorSeconds,
  processorSecondsOf,
} from './bench-group.ts'
import { seededRandom, textOf } from './corpus.ts'
import type { Bench, BenchScale, PreparedBench, Sample } from './figures.ts'
import { atMost, limitOf, percentile } from './figures.ts'
import { durableAppendsASecond } from './machine-limits.ts'

const mails = 300
/** Until then a mail becomes cheaper still: code that is called often is compiled. A replica that has run for a day is there. */
const warmUpMails = 600
const paceMs = 20
const arrivesWithinMs = 20_000
const msPerSecond = 1_000

const timeFigures: Bench['figures'] = [
  { name: 'seen by all four, p50', unit: 'ms', target: atMost(2.5), limit: 'two appends + fsync, one after the other' },
  { name: 'seen by all four, p99', unit: 'ms', target: atMost(10), limit: null },
  { name: 'seen by the first, p50', unit: 'ms', target: null, limit: null },
  { name: 'answered, p50', unit: 'ms', target: null, limit: 'one append + fsync' },
  { name: 'answered, p99', unit: 'ms', target: null, limit: null },
]

/** One mail at a time on an idle group: from the written request to the last of four pushes at the four other servers. */
export const latencyBench: Bench = {
  name: 'latency',
  about: 'one mail on an idle group, visible on the other four, at clients with processes of their own',
  figures: [
    ...timeFigures,
    { name: 'processor time of the replicas', unit: 'ms/mail', target: null, limit: null },
    { name: 'processor time of the clients', unit: 'ms/mail', target: null, limit: null },
  ],
  prepare: async (scale) => {
    const peopled = await makeGroup(path.join(scale.directory, 'latency'))
    // Nobody's group has five more clients that look on.
    await peopled.group.endOperators()
    const end = () => endGroup(peopled.group)
    const spent = async (): Promise<Spent> => {
      const { replicas, clients } = await processorSeconds(peopled)
      return new Map([
        ['processor time of the replicas', replicas],
        ['processor time of the clients', clients],
      ])
    }
    return prepared({ people: peopled.people, spent, end }, scale)
  },
}

/** As `latency`, with replica and client in one process each, as in the app. */
export const appLatencyBench: Bench = {
  name: 'latency-app',
  about:
    "one mail on an idle group, visible on the other four, with each replica and its person's client in one process",
  figures: [...timeFigures, { name: 'processor time', unit: 'ms/mail', target: null, limit: null }],
  prepare: async (scale) => {
    const { group } = await makeGroup(path.join(scale.directory, 'latency-app'))
    const data = allFive.map((server) => group.dataOf(server))
    await endGroup(group)
    const apps = data.map((directory) => new MailProcess({ data: directory, program: appPerson }))
    const end = async (): Promise<void> => {
      await Promise.all(apps.map((app) => app.close()))
    }
    await Promise.all(
      apps.map(async (app, index) => {
        const name = nameOf(index + 1)
        await app.ask('logIn', { name, password: passwordOf(name) })
        await app.until(
          () => app.ask('view'),
          ({ servers }) => servers.length === allFive.length,
        )
      }),
    )
    const people = new Map(apps.map((app, index) => [index + 1, app]))
    const spent = async (): Promise<Spent> =>
      new Map([['processor time', await processorSecondsOf(apps.map(({ process }) => process.pid))]])
    return prepared({ people, spent, end }, scale)
  },
}

const appPerson = {
  script: 'test/bench/app-person.ts',
  args: ['--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0'],
}

/** Seconds of processor time, by figure. */
type Spent = ReadonlyMap<string, number>

interface Measured {
  readonly people: PeopledGroup['people']
  readonly spent: () => Promise<Spent>
  readonly end: () => Promise<void>
}

const prepared = async (measured: Measured, scale: BenchScale): Promise<PreparedBench> => {
  const random = seededRandom(1)
  await measureMails(measured, Math.ceil(warmUpMails * scale.share), random)
  return { run: () => runOnce(measured, scale, random), end: measured.end }
}

const runOnce = async (measured: Measured, scale: BenchScale, random: () => number): Promise<Sample> => {
  const before = await measured.spent()
  const times = await measureMails(measured, Math.ceil(mails * scale.share), random)
  const after = await measured.spent()
  const appendMs = msPerSecond / (await durableAppendsASecond(scale.directory, 1))
  const seen = times.map(({ last }) => last)
  const first = times.map(({ first: earliest }) => earliest)
  const answered = times.map(({ answer }) => answer)
  return new Map([
    ['seen by all four, p50', percentile(seen, 0.5)],
    [limitOf('seen by all four, p50'), appendMs * 2],
    ['seen by all four, p99', percentile(seen, 0.99)],
    ['seen by the first, p50', percentile(first, 0.5)],
    ['answered, p50', percentile(answered, 0.5)],
    [limitOf('answered, p50'), appendMs],
    ['answered, p99', percentile(answered, 0.99)],
    ...[...after].map(([name, seconds]): [string, number] => [
      name,
      ((seconds - (before.get(name) ?? 0)) * msPerSecond) / times.length,
    ]),
  ])
}

/** Milliseconds from the written request. */
interface MailTimes {
  readonly answer: number
  readonly first: number
  readonly last: number
}

const measureMails = async (
  { people }: Pick<Measured, 'people'>,
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
