import type { Notice } from '../core/effects.ts'

const frequent: ReadonlySet<Notice['kind']> = new Set([
  'mail',
  'post',
  'brought',
  'mailbox',
  'people',
  'knowledge',
  'whereabouts',
] as const)

/** Whether there are too many of this kind to be logged. */
export const isFrequent = ({ kind }: Notice): boolean => frequent.has(kind)
