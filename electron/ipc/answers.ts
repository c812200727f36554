import * as v from 'valibot'
import { type Failure, reasonOf, toFailure } from '../../replica/core/model/errors.ts'
import type { Answer } from '../contract/bridge.ts'

/** A failure of whatever kind as what the window is told. */
export const failureOf = (error: unknown): Failure =>
  isNoRoom(error) ? { code: 'DISK_FULL', message: reasonOf(error) } : toFailure(error)

/** The program's own files are written without the replica. */
const isNoRoom = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')

type Methods = Readonly<Record<string, v.GenericSchema>>

/**
 * Checks the method's name and its arguments, and carries it out. Whatever goes wrong comes back as a value: BAD_REQUEST
 * for a method that is not in `schemas` and for arguments that do not fit.
 */
export const answer = async (
  schemas: Methods,
  call: (method: string, request: unknown) => Promise<unknown>,
  method: unknown,
  request: unknown,
): Promise<Answer<unknown>> => {
  if (typeof method !== 'string' || !Object.hasOwn(schemas, method))
    return refused(`There is no method ${String(method)}.`)
  const schema = schemas[method]
  const checked = schema === undefined ? null : v.safeParse(schema, withoutUndefined(request))
  if (checked?.success !== true)
    return refused(`The arguments of ${method} are not as they should be: ${issues(checked)}`)
  try {
    return { ok: true, value: await call(method, checked.output) }
  } catch (error) {
    return { ok: false, failure: failureOf(error) }
  }
}

export const refused = (message: string): Answer<never> => ({ ok: false, failure: { code: 'BAD_REQUEST', message } })

/** An optional field that was left open comes over as `undefined`: the same as if it were absent. */
const withoutUndefined = (request: unknown): unknown => {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) return request
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined))
}

/** Where and what, without the value itself: it may be a password. */
const issues = (checked: v.SafeParseResult<v.GenericSchema> | null): string =>
  (checked?.issues ?? []).map((issue) => `${v.getDotPath(issue) ?? 'request'} (${issue.type})`).join(', ')
