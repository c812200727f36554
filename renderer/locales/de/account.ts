import type { english, Translated } from '../messages.ts'

export const account: Translated<typeof english.account> = { title: 'Konto' }
