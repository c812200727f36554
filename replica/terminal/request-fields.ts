import { QuintetError } from '../core/model/errors.ts'
import {
  accountId,
  inviteId,
  isOriginId,
  isServerId,
  isUpdateId,
  seatCount,
  type AccountId,
  type InviteId,
  type OriginId,
  type ServerId,
  type UpdateId,
} from '../core/model/ids.ts'
import { folders, type Folder } from '../client/contract/mailbox.ts'

/** Checks one field of a request (undefined when it is not there) and gives it its type. BAD_REQUEST names the field. */
export type Field<Value> = (value: unknown, name: string) => Value

export type Fields = Readonly<Record<string, Field<unknown>>>

type ValuesOf<Of extends Fields> = { readonly [Name in keyof Of]: Of[Name] extends Field<infer Value> ? Value : never }

/** The checked fields of a request; what is not named is ignored. */
export const readFields = <const Of extends Fields>(fields: Of, request: object): ValuesOf<Of> => {
  const given = new Map<string, unknown>(Object.entries(request))
  const values = Object.entries(fields).map(([name, field]) => [name, field(given.get(name), name)])
  return Object.fromEntries(values) as ValuesOf<Of>
}

/** Half a character (a single surrogate) has no UTF-8: another sign would be kept in its place. */
const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed()

export const text: Field<string> = (value, name) => (isText(value) ? value : wrong(name, 'a text, of whole characters'))

export const texts: Field<readonly string[]> = (value, name) =>
  Array.isArray(value) && value.every(isText) ? value : wrong(name, 'a list of texts, of whole characters')

export const wholeNumber: Field<number> = (value, name) =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : wrong(name, 'a whole number')

export const inviteName: Field<InviteId> = (value, name) => {
  const id = text(value, name)
  return /^[A-Za-z0-9_-]{43}$/.test(id) ? inviteId(id) : wrong(name, 'the name of an invite, as "invites" gives it')
}

export const machineName: Field<OriginId> = (value, name) => {
  const id = text(value, name)
  return isOriginId(id) ? id : wrong(name, 'the name of a machine, as "letIn" gives it')
}

export const account: Field<AccountId> = (value, name) => {
  const id = text(value, name)
  return /^[A-Za-z0-9_-]{43}$/.test(id) ? accountId(id) : wrong(name, 'an account, as "identities" gives it')
}

export const truth: Field<boolean> = (value, name) =>
  typeof value === 'boolean' ? value : wrong(name, 'true or false')

/** A field that may be left out. */
export const either =
  <Value, Otherwise>(field: Field<Value>, otherwise: Otherwise): Field<Value | Otherwise> =>
  (value, name) =>
    value === undefined || value === null ? otherwise : field(value, name)

export const mailName: Field<UpdateId> = (value, name) => {
  const id = text(value, name)
  if (isUpdateId(id)) return id
  throw new QuintetError('NO_SUCH_MAIL', `"${id.slice(0, 64)}" is not the name of a mail.`)
}

export const postName: Field<UpdateId> = (value, name) => {
  const id = text(value, name)
  if (isUpdateId(id)) return id
  throw new QuintetError('NO_SUCH_POST', `"${id.slice(0, 64)}" is not the name of a post.`)
}

export const mailNames: Field<readonly UpdateId[]> = (value, name) =>
  Array.isArray(value) ? value.map((item) => mailName(item, name)) : wrong(name, 'a list of mails')

/** One of a few texts. */
export const oneOf =
  <const Value extends string>(values: readonly Value[]): Field<Value> =>
  (value, name) =>
    values.find((candidate) => candidate === value) ?? wrong(name, `one of ${values.join(', ')}`)

/** `"full": true` asks for every field. */
export const flag: Field<'usual' | 'full'> = (value, name) => {
  if (value === undefined || value === null || value === false) return 'usual'
  return value === true ? 'full' : wrong(name, 'true or false')
}

export const server: Field<ServerId> = (value, name) => {
  const id = wholeNumber(value, name)
  if (isServerId(id)) return id
  throw new QuintetError('NO_SUCH_SERVER', `There is no server ${id}: servers are 1 to ${seatCount}.`)
}

export const servers: Field<readonly ServerId[]> = (value, name) =>
  Array.isArray(value) ? value.map((item) => server(item, name)) : wrong(name, 'a list of servers')

export const folder: Field<Folder> = (value, name) => {
  const asked = text(value, name)
  const found = folders.find((candidate) => candidate === asked)
  if (found !== undefined) return found
  throw new QuintetError(
    'NO_SUCH_FOLDER',
    `There is no folder "${asked.slice(0, 64)}": the folders are ${folders.join(', ')}.`,
  )
}

const wrong = (name: string, expected: string): never => {
  throw new QuintetError('BAD_REQUEST', `"${name}" must be ${expected}.`)
}
