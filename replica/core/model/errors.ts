/** Every failure that a person or a program can see has one of these codes. */
export const errorCodes = [
  'BAD_REQUEST',
  'NO_SUCH_ACCOUNT',
  'NAME_CHANGED_HANDS',
  'ANOTHER_BY_THAT_NAME',
  'NOT_HERE_YET',
  'NO_SUCH_MAIL',
  'NO_SUCH_FOLDER',
  'NO_SUCH_POST',
  'NO_SUCH_ATTACHMENT',
  'NO_SUCH_SERVER',
  'NAME_TAKEN',
  'BAD_NAME',
  'WRONG_PASSWORD',
  'WRONG_PHRASE',
  'NOT_LOGGED_IN',
  'NOT_ALLOWED',
  'TOO_LARGE',
  'TOO_MANY',
  'BAD_SIGNATURE',
  'CANNOT_OPEN',
  'BAD_INVITE',
  'INVITE_EXPIRED',
  'INVITE_USED',
  'INVITE_REVOKED',
  'SEAT_TAKEN',
  'NO_SEAT_FREE',
  'NOT_ADMITTED',
  'RETIRED',
  'NO_MEMBER_REACHED',
  'UNREACHABLE',
  'TIMEOUT',
  'BUSY',
  'DISK_FULL',
  'DISK_FAILED',
  'DIRECTORY_IN_USE',
  'DIRECTORY_NOT_USABLE',
  'DIRECTORY_NOT_A_GROUP',
  'DIRECTORY_HAS_A_GROUP',
  'NEWER_FORMAT',
  'DAMAGED',
  'PORT_IN_USE',
  'BAD_ADDRESS',
  'STOPPED',
  'INTERNAL',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** An expected failure. `message` is a sentence for people that names the limit or the fix. */
export interface Failure {
  readonly code: ErrorCode
  readonly message: string
}

export type Result<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly failure: Failure }

export const succeed = <Value>(value: Value): Result<Value> => ({ ok: true, value })
export const fail = (code: ErrorCode, message: string): { readonly ok: false; readonly failure: Failure } => ({
  ok: false,
  failure: { code, message },
})

/** A failure on its way up through code that throws. Becomes a `Result`, an answer or an exit code at the door. */
export class QuintetError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string) {
    super(message)
    this.name = 'QuintetError'
    this.code = code
  }

  get failure(): Failure {
    return { code: this.code, message: this.message }
  }
}

export const toError = ({ code, message }: Failure): QuintetError => new QuintetError(code, message)

/** What went wrong, of whatever was thrown. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** INTERNAL for what nobody has foreseen. */
export const toFailure = (error: unknown): Failure =>
  error instanceof QuintetError ? error.failure : { code: 'INTERNAL', message: reasonOf(error) }

/** A broken invariant stops the replica, in production too: going on could lose mail. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`)
}
