import type { english, Translated } from '../messages.ts'

export const timeline: Translated<typeof english.timeline> = { title: 'Chronik' }
