import { readdir, readFile } from 'node:fs/promises'
import type { ReplicaGroup } from '../../build/cluster/group.ts'

/** What must not grow with the updates that have gone by. */
export interface Vitals {
  readonly updates: number
  readonly mails: number
  /** Of the replica that has the most. */
  readonly memoryMb: number
  readonly diskMb: number
  readonly descriptors: number
  /** From a wish to its durable answer, of one client at a time. */
  readonly answerP50Ms: number
  readonly answerP99Ms: number
}

const bytesPerMb = 1_048_576
const kilobytesPerMb = 1_024

/** Of the running replicas among `servers`; Linux, whose /proc tells. */
export const vitalsOf = async (
  group: ReplicaGroup,
  servers: readonly number[],
  answersMs: readonly number[],
): Promise<Vitals> => {
  const statuses = await Promise.all(servers.map((server) => group.status(server)))
  const pids = servers.map((server) => group.replica(server).process.pid)
  const memories = await Promise.all(pids.map(memoryKb))
  const descriptors = await Promise.all(pids.map(async (pid) => (await readdir(`/proc/${pid}/fd`)).length))
  const sorted = [...answersMs].sort((left, right) => left - right)
  return {
    updates: Math.max(...statuses.map(({ vector }) => Object.values(vector).reduce((sum, held) => sum + held, 0))),
    mails: Math.max(...statuses.map(({ mails }) => mails)),
    memoryMb: Math.max(...memories) / kilobytesPerMb,
    diskMb: Math.max(...statuses.map(({ diskBytes }) => diskBytes)) / bytesPerMb,
    descriptors: Math.max(...descriptors),
    answerP50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
    answerP99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
  }
}

const memoryKb = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/mu.exec(status)?.[1] ?? Number.NaN)
}

export const heading = '  updates  mails  memory MB  disk MB  files  answer p50 ms  p99 ms'

export const rowOf = (vitals: Vitals): string =>
  [
    String(vitals.updates).padStart(9),
    String(vitals.mails).padStart(6),
    vitals.memoryMb.toFixed(0).padStart(10),
    vitals.diskMb.toFixed(1).padStart(8),
    String(vitals.descriptors).padStart(6),
    vitals.answerP50Ms.toFixed(1).padStart(14),
    vitals.answerP99Ms.toFixed(1).padStart(7),
  ].join(' ')
