import type { english, Translated } from '../messages.ts'

export const network: Translated<typeof english.network> = { title: 'Netz' }
