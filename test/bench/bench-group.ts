import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { ReplicaGroup } from '../../build/cluster/group.ts'
import type { GroupStatus, MailProcess } from '../../build/cluster/mail-process.ts'
import type { TextKind } from './corpus.ts'
import { seededRandom, textOf } from './corpus.ts'

export const allFive = [1, 2, 3, 4, 5] as const
export const bodyChars = 1_000
export const nameOf = (server: number): string => `person ${server}`

const pollMs = 25
const agreeWithinMs = 180_000
const shownLogLines = 15
const ticksASecond = 100
const msPerSecond = 1_000
/** Longer than the quiet after which a replica tidies up. */
const restMs = 4_000
/** Five idle replicas take 0.07, and 0.2 when the machine is slow; under a profiler half as much again. */
const restingCores = 0.35

/** Five replica processes with a person logged in at each. */
export interface PeopledGroup {
  readonly group: ReplicaGroup
  /** By server. */
  readonly people: ReadonlyMap<number, MailProcess>
}

export const makeGroup = async (directory: string): Promise<PeopledGroup> => {
  const group = await ReplicaGroup.create({ directory, name: 'Bench', servers: allFive })
  try {
    const people = await Promise.all(
      allFive.map(async (server) => [server, await group.person(nameOf(server), server)] as const),
    )
    // Everybody is known everywhere before the first mail.
    await agreed(group)
    return { group, people: new Map(people) }
  } catch (error) {
    await group.end()
    throw error
  }
}

/** Works with a group of its own; when that fails, shows the end of the replicas' logs. */
export const withGroup = async <Value>(
  directory: string,
  work: (peopled: PeopledGroup) => Promise<Value>,
): Promise<Value> => {
  const peopled = await makeGroup(directory)
  try {
    return await work(peopled)
  } catch (error) {
    console.error(await peopled.group.logTails(shownLogLines))
    throw error
  } finally {
    await endGroup(peopled.group)
  }
}

/** Ends the people's clients; the group works on. */
export const endPeople = async ({ people }: PeopledGroup): Promise<void> => {
  await Promise.all([...people.values()].map((person) => person.close()))
}

/** Stops the replicas in order, so that a profiler writes what it has, then ends the rest. */
export const endGroup = async (group: ReplicaGroup): Promise<void> => {
  await Promise.all(group.servers.map((server) => group.replica(server).stop()))
  await group.end()
}

export const personAt = (people: PeopledGroup['people'], server: number): MailProcess => {
  const person = people.get(server)
  if (person === undefined) throw new Error(`nobody is at server ${server}`)
  return person
}

/** Fulfilled when the replicas hold the same state. A status costs a replica a pass over its state, so they are asked in turn. */
export const agreed = async (group: ReplicaGroup, mails = 0): Promise<readonly GroupStatus[]> => {
  const deadline = performance.now() + agreeWithinMs
  for (;;) {
    const statuses: GroupStatus[] = []
    for (const server of group.servers) {
      const status = await group.status(server)
      statuses.push(status)
      if (status.mails < mails || status.digest !== statuses[0]?.digest) break
    }
    const isWhole = statuses.length === group.servers.length
    if (isWhole && statuses.every(({ digest, mails: held }) => digest === statuses[0]?.digest && held >= mails))
      return statuses
    if (performance.now() > deadline) throw new Error('the replicas do not agree')
    await pause(pollMs)
  }
}

export interface Letter {
  readonly to: readonly string[]
  readonly subject: string
  readonly body: string
}

interface Letters {
  readonly count: number
  readonly kind: TextKind
  readonly random: () => number
}

/** Mails of a server's person, each to the next of the others. Made before any clock runs: that takes a core for a while. */
export const lettersOf = (server: number, { count, kind, random }: Letters): readonly Letter[] => {
  const others = allFive.filter((other) => other !== server).map(nameOf)
  return Array.from({ length: count }, (_, index) => ({
    to: [others[index % others.length] ?? ''],
    subject: `letter ${index + 1} of ${nameOf(server)}`,
    body: textOf(kind, bodyChars, random),
  }))
}

/** Sends mails pipelined; fulfilled when all are answered. */
export const sendLetters = async (
  { people }: Pick<PeopledGroup, 'people'>,
  server: number,
  letters: readonly Letter[],
): Promise<void> => {
  const person = personAt(people, server)
  await Promise.all(letters.map((letter) => person.ask('send', { ...letter })))
}

/** What stands behind the name of a figure of processes that have run for a while. */
export const warm = ', warm'
const warmUpRounds = 4

/**
 * Mails from all five, `count` of each at a time, several times: by then V8 has optimized what runs for every mail. For the first seconds of
 * a process that takes about as much of the processor as the mails themselves; a group that runs all day has it long behind it.
 */
export const warmUp = async (group: Pick<PeopledGroup, 'people'>, count: number): Promise<void> => {
  for (let round = 0; round < warmUpRounds; round += 1)
    await Promise.all(
      allFive.map((server) => {
        const random = seededRandom(server + allFive.length * round)
        return sendLetters(group, server, lettersOf(server, { count, kind: 'natural', random }))
      }),
    )
}

/** Fulfilled when nothing is left to do for these processes: snapshots and compaction come some seconds after the mails. */
export const atRest = async (pids: readonly number[]): Promise<void> => {
  const deadline = performance.now() + agreeWithinMs
  for (let before = await processorSecondsOf(pids); ;) {
    await pause(restMs)
    const after = await processorSecondsOf(pids)
    const cores = ((after - before) * msPerSecond) / restMs
    if (cores < restingCores) return
    if (performance.now() > deadline) throw new Error(`the processes do not come to rest: ${cores.toFixed(2)} cores`)
    before = after
  }
}

/** Of the replicas. */
export const pidsOf = (group: ReplicaGroup): readonly number[] =>
  group.servers.map((server) => group.replica(server).process.pid)

/** Processor time that a group's processes have taken since they began, start-up included. */
export const processorSeconds = async ({
  group,
  people,
}: PeopledGroup): Promise<{ readonly replicas: number; readonly clients: number }> => {
  return {
    replicas: await processorSecondsOf(pidsOf(group)),
    clients: await processorSecondsOf([...people.values()].map(({ process }) => process.pid)),
  }
}

/** As `processorSeconds`, of any processes. */
export const processorSecondsOf = async (pids: readonly number[]): Promise<number> =>
  (await Promise.all(pids.map(ticksOf))).reduce((sum, ticks) => sum + ticks, 0) / ticksASecond

/** `utime` and `stime` of proc(5), which come after the name in parentheses. */
const ticksOf = async (pid: number): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/** Seconds that `work` takes. */
export const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1_000
}
