import type { ErrorCode, Failure } from './core/model/errors.ts'

/** By failure; 1 for any other. */
const exitCodes: Partial<Record<ErrorCode, number>> = {
  BAD_REQUEST: 2,
  BAD_ADDRESS: 2,
  DIRECTORY_IN_USE: 3,
  SEAT_TAKEN: 4,
  NO_SEAT_FREE: 4,
  NEWER_FORMAT: 5,
}

export const tellFailure = ({ code, message }: Failure): void => {
  process.stderr.write(`quintet: ${message} (${code})\n`)
}

/** Ends the process, which says why. */
export const exitWith = (failure: Failure): never => {
  tellFailure(failure)
  process.exit(exitCodes[failure.code] ?? 1)
}
