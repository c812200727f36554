import type { Mix } from './settings.ts'

/** What a sound mix of histories must make happen; the run fails when one of these never does. */
export const coverageKinds = [
  'steps',
  'commands',
  'commands answered',
  'commands refused',
  'command repeated',
  'mails acknowledged',
  'mail given to two servers',
  'post given to two servers',
  'accounts made',
  'names taken twice',
  'accounts deleted',
  'documents written',
  'documents forgotten',
  'marks set',
  'word said once more',
  'mails deleted by all',
  'gossip published',
  'gossip delivered',
  'gossip lost',
  'gossip repeated',
  'pushed directly',
  'batches gathered',
  'push dropped',
  'batches asked for',
  'batches served',
  'served in several chunks',
  'range discarded',
  'transfer begun',
  'transfer done',
  'transfer abandoned',
  'second opinion',
  'mails fetched',
  'snapshot written',
  'snapshot of a transfer',
  'compaction',
  'bytes freed',
  'recovered',
  'recovered from a snapshot',
  'recovered with a suffix',
  'crash',
  'crash while persisting',
  'crash between effects',
  'write torn',
  'record damaged',
  'mail repaired',
  'disk full',
  'clock jump',
  'partition',
  'one-way partition',
  'pause',
  'connection cut',
  'half-open connection',
  'joined',
  'asked again to be let in',
  'machine replaced',
  'replaced machine came back',
  'machine retired',
  'retired machine came back',
  'machine shut out',
  'group key made',
  'group key taken over',
  'logged in',
  'log-in taken over',
  'session carried on',
  'session superseded',
  'seat claimed twice',
  'old copy restored',
  'everybody started over',
  'old copy started over',
  'old copy taken up again',
  'update issued again',
  'mark of a fork aimed anew',
  'mark of another mail refused',
  'view changed',
  'kept for a later version',
  'understood later',
  'brought up to date',
  'group looked after',
  'lie',
  'lie refused',
  'log forked by its owner',
] as const

export type CoverageKind = (typeof coverageKinds)[number]

const ofVersions: readonly CoverageKind[] = [
  'kept for a later version',
  'understood later',
  'brought up to date',
  'group looked after',
]

const ofKeys: readonly CoverageKind[] = ['machine shut out', 'group key made', 'group key taken over']

const ofLogIns: readonly CoverageKind[] = ['logged in', 'log-in taken over', 'session carried on', 'session superseded']

const ofLiars: readonly CoverageKind[] = ['lie', 'lie refused', 'log forked by its owner']

/** What a mix leaves out. */
export const leftOut: Readonly<Record<Mix, ReadonlySet<CoverageKind>>> = {
  ordinary: new Set(['everybody started over', ...ofVersions, ...ofLiars]),
  versions: new Set([
    ...ofLiars,
    'record damaged',
    'mail repaired',
    'old copy restored',
    'everybody started over',
    'old copy started over',
    'old copy taken up again',
    'update issued again',
    'mark of a fork aimed anew',
    'mark of another mail refused',
  ]),
  liar: new Set([
    ...ofVersions,
    ...ofKeys,
    ...ofLogIns,
    'record damaged',
    'mail repaired',
    'machine replaced',
    'replaced machine came back',
    'machine retired',
    'retired machine came back',
    'old copy restored',
    'everybody started over',
    'old copy taken up again',
    'mark of a fork aimed anew',
    'mark of another mail refused',
  ]),
  copies: new Set([
    ...ofVersions,
    ...ofLiars,
    'record damaged',
    'mail repaired',
    'machine replaced',
    'replaced machine came back',
    'machine retired',
    'retired machine came back',
    'machine shut out',
  ]),
}

/** What happens once in some hundred seeds. */
export const rareKinds: ReadonlySet<CoverageKind> = new Set(['mark of another mail refused', 'old copy taken up again'])

/** Counts, so that nothing passes only because it never happened. */
export class Coverage {
  readonly #counts = new Map<string, number>()

  note(kind: CoverageKind): void {
    this.add(kind, 1)
  }

  add(kind: CoverageKind, count: number): void {
    this.#counts.set(kind, this.of(kind) + count)
  }

  of(kind: CoverageKind): number {
    return this.#counts.get(kind) ?? 0
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }

  merge(counts: Readonly<Record<string, number>>): void {
    for (const kind of coverageKinds) this.add(kind, counts[kind] ?? 0)
  }
}
