import type { CompactionTuning } from './compaction.ts'
import { usualTuning } from './compaction.ts'
import type { GatheringTuning } from './spreading.ts'
import { usualGathering } from './spreading.ts'

/** How eager a core is; simulations choose other numbers, so that what is rare happens often. */
export interface CoreTuning {
  readonly compaction: CompactionTuning
  readonly gathering: GatheringTuning
}

export const usualCore: CoreTuning = { compaction: usualTuning, gathering: usualGathering }
