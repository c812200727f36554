import type { CoreEvent } from '../core/effects.ts'

const standing: ReadonlySet<CoreEvent['kind']> = new Set([
  'aside',
  'copies',
  'groupKey',
  'sessions',
  'syncInterval',
  'wasRetired',
])

/** What a core is told that is not in the log. The last of each kind holds: one that is made anew is told it again. */
export class StandingEvents {
  readonly #last = new Map<CoreEvent['kind'], CoreEvent>()

  note(event: CoreEvent): void {
    if (standing.has(event.kind)) this.#last.set(event.kind, event)
  }

  all(): readonly CoreEvent[] {
    return [...this.#last.values()]
  }
}
