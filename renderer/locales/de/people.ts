import type { english, Translated } from '../messages.ts'

export const people: Translated<typeof english.people> = { title: 'Personen' }
