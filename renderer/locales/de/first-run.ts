import type { english, Translated } from '../messages.ts'

export const firstRun: Translated<typeof english.firstRun> = { title: 'Willkommen' }
