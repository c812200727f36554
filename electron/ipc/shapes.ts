import * as v from 'valibot'
import {
  type AccountId,
  accountId,
  type InviteId,
  inviteId,
  isOriginId,
  isServerId,
  isUpdateId,
  type OriginId,
  seatCount,
  type ServerId,
  type UpdateId,
} from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'

/** What a method takes: `undefined` for those that take nothing. */
export type RequestOf<Api, Method extends keyof Api> = Api[Method] extends (request: infer Request) => unknown
  ? unknown extends Request
    ? undefined
    : Request
  : never

/** A schema for every one of the methods, whose result is exactly what the method takes. */
export type RequestSchemas<Api, Method extends keyof Api> = {
  readonly [Name in Method]: v.GenericSchema<unknown, RequestOf<Api, Name>>
}

const documentIdPattern = /^[\w-]{22}$/
/** 32 bytes. */
const hashPattern = /^[\w-]{43}$/

/** A text of at most `chars` UTF-16 units. What it may hold besides, the client checks and explains. */
export const text = (chars: number) => v.pipe(v.string(), v.maxLength(chars))
export const list = <Item extends v.GenericSchema>(item: Item, most: number) => v.pipe(v.array(item), v.maxLength(most))
export const count = (least: number, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most))

export const nothing = v.pipe(
  v.nullish(v.strictObject({})),
  v.transform(() => undefined),
)
export const server = v.custom<ServerId>(isServerId)
export const machine = v.custom<OriginId>(isOriginId)
export const servers = list(server, seatCount)
export const mail = v.custom<UpdateId>(isUpdateId)
export const document = v.pipe(v.string(), v.regex(documentIdPattern))
export const invite = v.pipe(
  v.string(),
  v.regex(hashPattern),
  v.transform((value): InviteId => inviteId(value)),
)
export const account = v.pipe(
  v.string(),
  v.regex(hashPattern),
  v.transform((value): AccountId => accountId(value)),
)
export const page = v.exactOptional(text(limits.pageMarkChars))
/** Longer names are refused by the client with a sentence that tells the limit. */
export const name = text(limits.nameChars * 4)
export const secret = text(limits.passwordChars * 2)
