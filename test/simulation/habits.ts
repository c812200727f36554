/** `right`: effects in the order of their interface. The others are bugs to be planted: what is named comes before what is persisted. */
export type EffectOrder = 'right' | 'answers first' | 'knowledge first' | 'gossip first'

/** How every machine of this thread behaves. */
export const habits: {
  order: EffectOrder
  /** `state now`: what the core shows while a step is not durable yet decides what is discarded. */
  liveness: 'copied' | 'state now'
  /** `in mid-step`: the state that others are sent may be one that is not durable. */
  images: 'between steps' | 'in mid-step'
} = { order: 'right', liveness: 'copied', images: 'between steps' }
