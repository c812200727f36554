import { QuintetError } from '../core/model/errors.ts'
import type { MailClient } from './contract/mail-client.ts'

const later = [
  'network',
  'invites',
  'revokeInvite',
  'retire',
  'renameGroup',
  'renameMachine',
  'rotateKey',
  'setSyncInterval',
] as const

export type LaterMethod = (typeof later)[number]
type Later = Pick<MailClient, LaterMethod>

const notYet = (name: string) => (): Promise<never> =>
  Promise.reject(new QuintetError('NOT_YET', `"${name}" comes with a later version.`))

/** The part of the contract that is not carried out yet: every method of it rejects with NOT_YET. */
export const laterFeatures = Object.fromEntries(later.map((name) => [name, notYet(name)])) as unknown as Later
