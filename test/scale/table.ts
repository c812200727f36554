import type { Phase, ScaleResult } from './run.ts'
import type { TrafficKind } from './traffic.ts'

const kilo = 1_000
const microsPerMs = 1_000
const nameChars = 34

interface Line {
  readonly name: string
  readonly of: (result: ScaleResult) => number
}

const kindBytes = (phase: Phase, kind: TrafficKind): number => phase.byKind[kind]?.bytes ?? 0
const kindMessages = (phase: Phase, kind: TrafficKind): number => phase.byKind[kind]?.messages ?? 0
const secondsOf = ({ simulatedMs }: Phase): number => simulatedMs / kilo
/** A second and a seat. */
const rate = ({ options }: ScaleResult, phase: Phase, value: number): number => value / secondsOf(phase) / options.seats

const sections: readonly { readonly title: string; readonly lines: readonly Line[] }[] = [
  {
    title: 'growth, one join a second',
    lines: [
      { name: 'hellos, MB in all', of: ({ growth }) => kindBytes(growth, 'hello') / kilo / kilo },
      { name: 'hellos', of: ({ growth }) => kindMessages(growth, 'hello') },
      { name: 'all bytes, MB', of: ({ growth }) => growth.bytes / kilo / kilo },
      { name: 'simulated s', of: ({ growth }) => secondsOf(growth) },
    ],
  },
  {
    title: 'idle, a second and a seat',
    lines: [
      { name: 'sent, KB', of: (result) => rate(result, result.idle, result.idle.bytes) / kilo },
      { name: 'knowledge, KB', of: (result) => rate(result, result.idle, kindBytes(result.idle, 'knowledge')) / kilo },
      { name: 'pings, bytes', of: (result) => rate(result, result.idle, kindBytes(result.idle, 'pings')) },
      { name: 'headers below, KB at most', of: (result) => rate(result, result.idle, result.idle.headerBytes) / kilo },
      {
        name: 'bytes a knowledge message',
        of: ({ idle }) => kindBytes(idle, 'knowledge') / Math.max(1, kindMessages(idle, 'knowledge')),
      },
      { name: 'steps', of: (result) => rate(result, result.idle, result.idle.steps) },
      {
        name: 'core, ms of the processor',
        of: (result) => rate(result, result.idle, result.idle.cpuMicros) / microsPerMs,
      },
    ],
  },
  {
    title: 'at work',
    lines: [
      { name: 'knowledge, KB a second a seat', of: (r) => rate(r, r.live, kindBytes(r.live, 'knowledge')) / kilo },
      { name: 'batches, KB a mail, all links', of: (r) => kindBytes(r.live, 'fresh batches') / r.options.mails / kilo },
      { name: 'requests a mail', of: (r) => kindMessages(r.live, 'requests') / r.options.mails },
      { name: 'asked for, KB a mail', of: (r) => kindBytes(r.live, 'batches asked for') / r.options.mails / kilo },
      { name: 'gossip, KB a mail', of: (r) => kindBytes(r.live, 'gossip') / r.options.mails / kilo },
      { name: 'steps a mail and a seat', of: (r) => r.live.steps / r.options.mails / r.options.seats },
      { name: 'core, ms a second and a seat', of: (r) => rate(r, r.live, r.live.cpuMicros) / microsPerMs },
      { name: 'core, us a step', of: (r) => r.live.cpuMicros / r.live.steps },
      { name: 'written to held by all, p50 ms', of: (r) => r.heldMs.p50 },
      { name: '  p99 ms', of: (r) => r.heldMs.p99 },
      { name: 'written to known held, p50 ms', of: (r) => r.knownMs.p50 },
      { name: '  p99 ms', of: (r) => r.knownMs.p99 },
    ],
  },
  {
    title: 'merge of two halves',
    lines: [
      { name: 'bytes of a mail in its batch', of: ({ mailBytes }) => mailBytes },
      { name: 'to agreement, s', of: ({ merge }) => secondsOf(merge) },
      { name: 'missing everywhere, MB', of: ({ missingBytes }) => missingBytes / kilo / kilo },
      { name: 'batches asked for, MB', of: ({ merge }) => kindBytes(merge, 'batches asked for') / kilo / kilo },
      { name: 'knowledge, MB', of: ({ merge }) => kindBytes(merge, 'knowledge') / kilo / kilo },
      { name: 'hellos, MB', of: ({ merge }) => kindBytes(merge, 'hello') / kilo / kilo },
      { name: 'requests', of: ({ merge }) => kindMessages(merge, 'requests') },
      {
        name: 'core, s of the processor a seat',
        of: ({ merge, options }) => merge.cpuMicros / kilo / kilo / options.seats,
      },
    ],
  },
  {
    title: 'the whole matrix in one message',
    lines: [
      { name: 'bytes', of: ({ knowledge }) => knowledge.bytes },
      { name: 'to encode, us', of: ({ knowledge }) => knowledge.encodeMicros },
      { name: 'to decode, us', of: ({ knowledge }) => knowledge.decodeMicros },
    ],
  },
  {
    title: 'a stream',
    lines: [{ name: 'KB a second that it carries', of: ({ streamBytesPerSecond }) => streamBytesPerSecond / kilo }],
  },
]

/** The results side by side, one column a group. */
export const table = (results: readonly ScaleResult[]): string => {
  const row = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(nameChars)}${cells.map((cell) => cell.padStart(12)).join('')}`
  const lines = sections.flatMap(({ title, lines: rows }) => [
    '',
    row(
      title,
      results.map(({ options }) => `${options.seats} seats`),
    ),
    ...rows.map(({ name, of }) => row(`  ${name}`, results.map(of).map(shown))),
  ])
  return lines.join('\n')
}

const shown = (value: number): string => {
  if (Math.abs(value) >= 100) return value.toFixed(0)
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}
