declare const brand: unique symbol
type Brand<Value, Name extends string> = Value & { readonly [brand]: Name }

/** A seat in the group, 1..seatCount. */
export type ServerId = Brand<number, 'ServerId'>
/** A libp2p identity, in its usual text form. */
export type PeerId = Brand<string, 'PeerId'>
/** One install of a replica: `"<serverId>.<8 characters of its peer id's hash>"`. An origin never comes back. */
export type OriginId = Brand<string, 'OriginId'>
/** A position in an origin's log: gapless from 1; 0 is "nothing yet". */
export type Sequence = number
/** A replicated change: `"<origin>:<sequence>"`. A mail is named by the update that brought it. */
export type UpdateId = Brand<string, 'UpdateId'>
/** A person: the Ed25519 public key that signs for the account, base64url. It certifies itself. */
export type AccountId = Brand<string, 'AccountId'>
/** SHA-256 of an invite's token, base64url: what the group knows of the invite. */
export type InviteId = Brand<string, 'InviteId'>
/** A wish's name, chosen by the client (base64url of 12 random bytes), so that a retry is executed once. */
export type CommandId = Brand<string, 'CommandId'>
/**
 * Tells apart the mails, or posts, that one name may mean where a log has forked: the first 32 bits of the command that sent it,
 * so that it stays the same when a mail is written anew, and under all names of one mail. `anyTag`: not known, or not said.
 */
export type Tag = Brand<number, 'Tag'>
/** One log-in of a person, chosen by the client (base64url of 12 random bytes): it stays the same from server to server. */
export type SessionId = Brand<string, 'SessionId'>
/** A document of a person: base64url of 16 bytes chosen by the client. */
export type DocumentId = Brand<string, 'DocumentId'>
/** SHA-256 chain value, base64url. */
export type Hash = Brand<string, 'Hash'>
/** Hybrid logical clock in microseconds since 1970: wall time where possible, one more than the last otherwise. */
export type Clock = number

/** How many seats a group has. No format depends on it. */
export const seatCount = 5

export const serverId = (value: number): ServerId => value as ServerId
export const peerId = (value: string): PeerId => value as PeerId
export const originId = (value: string): OriginId => value as OriginId
export const accountId = (value: string): AccountId => value as AccountId
export const inviteId = (value: string): InviteId => value as InviteId
export const commandId = (value: string): CommandId => value as CommandId
export const sessionId = (value: string): SessionId => value as SessionId
export const tag = (value: number): Tag => value as Tag
export const anyTag: Tag = tag(0)
export const highestTag = 0xffff_ffff
/** Of which a command's name, and a session's, is the base64url. */
export const commandBytes = 12
export const sessionBytes = 12

/** The tag of what a command sent. No command has `anyTag`. */
export const tagOf = (command: CommandId): Tag => {
  let bits = 0
  for (let index = 0; index < tagDigits; index += 1) bits = bits * 64 + base64UrlDigits.indexOf(command.charAt(index))
  return tag(Math.max(1, Math.floor(bits / 16)))
}

const tagDigits = 6
const base64UrlDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Whether who says the one can mean the other. */
export const tagsAgree = (one: Tag, other: Tag): boolean => one === other || one === anyTag || other === anyTag

export const documentId = (value: string): DocumentId => value as DocumentId
export const hash = (value: string): Hash => value as Hash
/** 66 bits of a chain value: enough to tell two logs apart. */
export const hashPrefix = (value: Hash): string => value.slice(0, 11)

export const allServerIds: readonly ServerId[] = Array.from({ length: seatCount }, (_, index) => serverId(index + 1))

/** Every name that the install of this origin can go by: one for each seat. */
export const namesOf = (origin: OriginId): readonly OriginId[] =>
  allServerIds.map((server) => originId(`${server}${origin.slice(origin.indexOf('.'))}`))

/** The seat that an origin's install took. */
export const seatOf = (origin: OriginId): ServerId => serverId(Number(origin.slice(0, origin.indexOf('.'))))

export const updateId = (origin: OriginId, sequence: Sequence): UpdateId => `${origin}:${sequence}` as UpdateId

/** The origin and sequence that an update id names. */
export const splitUpdateId = (id: UpdateId): { readonly origin: OriginId; readonly sequence: Sequence } => {
  const colon = id.lastIndexOf(':')
  return { origin: originId(id.slice(0, colon)), sequence: Number(id.slice(colon + 1)) }
}

const originPattern = /^[1-9][0-9]{0,2}\.[a-z2-7]{8}$/
const updatePattern = /^[1-9][0-9]{0,2}\.[a-z2-7]{8}:[1-9][0-9]{0,15}$/

/** For bytes and arguments from outside. */
export const isOriginId = (value: unknown): value is OriginId => typeof value === 'string' && originPattern.test(value)
/** For bytes and arguments from outside. */
export const isUpdateId = (value: unknown): value is UpdateId =>
  typeof value === 'string' &&
  updatePattern.test(value) &&
  Number.isSafeInteger(splitUpdateId(value as UpdateId).sequence)
/** For bytes and arguments from outside. */
export const isServerId = (value: unknown): value is ServerId =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= seatCount
