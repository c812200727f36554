import type { english, Translated } from '../messages.ts'

export const settings: Translated<typeof english.settings> = { title: 'Einstellungen' }
