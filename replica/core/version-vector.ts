import type { OriginId, Sequence } from './model/ids.ts'
import type { VersionVector } from './model/messages.ts'

/** What `vector` holds of `origin`; 0 when nothing. */
export const heldFrom = (vector: VersionVector, origin: OriginId): Sequence => vector.get(origin) ?? 0

/** Raises `vector` in place to the smallest that covers `other`, too; tells whether anything changed. */
export const raise = (vector: Map<OriginId, Sequence>, other: VersionVector): boolean => {
  let changed = false
  for (const [origin, sequence] of other) {
    if (sequence > heldFrom(vector, origin)) {
      vector.set(origin, sequence)
      changed = true
    }
  }
  return changed
}

/** Whether `vector` has everything that `other` has. */
export const covers = (vector: VersionVector, other: VersionVector): boolean => {
  for (const [origin, sequence] of other) if (heldFrom(vector, origin) < sequence) return false
  return true
}

/** The largest vector that both cover. */
export const meetVectors = (left: VersionVector, right: VersionVector): VersionVector => {
  const met = new Map<OriginId, Sequence>()
  for (const [origin, sequence] of left) {
    const common = Math.min(sequence, heldFrom(right, origin))
    if (common > 0) met.set(origin, common)
  }
  return met
}

/** How many updates `vector` has that `other` has not. */
export const distance = (vector: VersionVector, other: VersionVector): number => {
  let updates = 0
  for (const [origin, sequence] of vector) updates += Math.max(0, sequence - heldFrom(other, origin))
  return updates
}
