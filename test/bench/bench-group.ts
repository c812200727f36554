import { setTimeout as pause } from 'node:timers/promises'
import { ReplicaGroup } from '../../build/cluster/group.ts'
import type { GroupStatus, MailProcess } from '../../build/cluster/mail-process.ts'
import type { TextKind } from './corpus.ts'
import { textOf } from './corpus.ts'

export const allFive = [1, 2, 3, 4, 5] as const
export const bodyChars = 1_000
export const nameOf = (server: number): string => `person ${server}`

const pollMs = 25
const agreeWithinMs = 180_000

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
    if (performance.now() > deadline) throw new Error(`the replicas do not agree\n${await group.logTails(10)}`)
    await pause(pollMs)
  }
}

export interface Letters {
  readonly count: number
  readonly kind: TextKind
  readonly random: () => number
}

/** Sends pipelined mails, each to the next of the others; fulfilled when all are answered. */
export const sendLetters = async (
  { people }: PeopledGroup,
  server: number,
  { count, kind, random }: Letters,
): Promise<void> => {
  const person = personAt(people, server)
  const others = allFive.filter((other) => other !== server).map(nameOf)
  const letters = Array.from({ length: count }, (_, index) => ({
    to: [others[index % others.length] ?? ''],
    subject: `letter ${index + 1} of ${nameOf(server)}`,
    body: textOf(kind, bodyChars, random),
  }))
  await Promise.all(letters.map((letter) => person.ask('send', letter)))
}

/** Seconds that `work` takes. */
export const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1_000
}
