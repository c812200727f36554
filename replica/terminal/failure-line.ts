import { QuintetError, type ErrorCode } from '../core/model/errors.ts'
import { printableLine } from './text-width.ts'

const remedies: Partial<Record<ErrorCode, string>> = {
  NOT_LOGGED_IN: 'u NAME logs in or signs up.',
  WRONG_PHRASE: 'The twelve words were shown at sign-up, and whenever "phrase" made new ones.',
  NO_SUCH_ACCOUNT: 'people shows who there is.',
  UNREACHABLE: 'c N connects to another server.',
  NO_SUCH_SERVER: 'v shows the servers that are reachable.',
  NOT_ALLOWED: "Only the replica's own machine may do this.",
  CANNOT_OPEN: 'Another server may have it whole: c N, then try again.',
}

/** Why something failed and what can be done, in a line for people. */
export const failureLine = (error: unknown): string => {
  if (!(error instanceof QuintetError)) return `This failed in a way that is not foreseen: ${String(error)}`
  const remedy = remedies[error.code]
  return remedy === undefined ? printableLine(error.message) : `${printableLine(error.message)} ${remedy}`
}
