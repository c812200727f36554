import { randomBytes } from 'node:crypto'
import { chmod, readdir, readFile, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { QuintetError, toError } from './core/model/errors.ts'
import { limits } from './core/model/limits.ts'
import { makeDirectory } from './drivers/file-names.ts'
import { notUsable } from './drivers/not-usable.ts'
import { decodeInvite, type Invite } from './wire/invite-codec.ts'
import { keyBytes, publicKeyOf } from './wire/keys.ts'
import { isLabel } from './wire/names.ts'

export interface Keys {
  readonly publicKey: Uint8Array
  readonly privateKey: Uint8Array
}

/** A new install's Ed25519 key: its raw halves. Any random bytes are a seed (RFC 8032). */
export const newKeys = (): Keys => keysOf(randomBytes(keyBytes))

/** Both halves of the key that has this seed. */
export const keysOf = (seed: Uint8Array): Keys => ({ publicKey: publicKeyOf(seed), privateKey: seed })

/** What the person calls the machine, otherwise what the system does. BAD_NAME. */
export const machineName = (given: string | null): string => {
  const [name = 'unnamed'] = [given?.trim() ?? '', hostname().slice(0, limits.machineNameChars)].filter(
    (one) => one !== '',
  )
  if (Array.from(name).length <= limits.machineNameChars && isLabel(name)) return name
  throw new QuintetError(
    'BAD_NAME',
    `A machine's name has 1 to ${limits.machineNameChars} characters, without control characters.`,
  )
}

/** Of a replica, and of a client without one. */
const ours = ['install.json', 'client.json']

/**
 * As one is that a person has made, or got back from a backup. Only what is a group's, or empty: somebody may have named a directory that
 * has other uses.
 */
const closeToOthers = async (directory: string): Promise<void> => {
  const { mode, uid } = await stat(directory)
  if ((mode & 0o077) === 0 || uid !== process.getuid?.()) return
  const names = await readdir(directory)
  const isOurs = names.length === 0 || ours.some((name) => names.includes(name))
  // A file system may have no such rights.
  if (isOurs) await chmod(directory, 0o700).catch(() => undefined)
}

/** DIRECTORY_NOT_USABLE or DISK_FULL when it is not there and cannot be made. One that other users of the machine can enter is closed to them. */
export const makeDataDirectory = async (directory: string): Promise<void> => {
  try {
    await makeDirectory(directory, 0o700)
    await closeToOthers(directory)
  } catch (error) {
    throw notUsable(`The data directory ${directory} cannot be made`, error)
  }
}

const inviteScheme = 'quintet:'

/** An invite as it was given, or from the file that holds it. BAD_INVITE. */
export const readInvite = async (text: string): Promise<string> => {
  if (text.trim().startsWith(inviteScheme)) return text
  try {
    return await readFile(text, 'utf8')
  } catch {
    throw new QuintetError(
      'BAD_INVITE',
      `${text} is neither an invite (they begin with quintet://join/) nor a file that can be read.`,
    )
  }
}

/** What an invite says that is to be used. BAD_INVITE; INVITE_EXPIRED when the clock of this machine says so, wherever that stands. */
export const validInvite = (text: string): Invite => {
  const invite = decodeInvite(text)
  if (!invite.ok) throw toError(invite.failure)
  const { expiresAtMs } = invite.value
  if (expiresAtMs >= Date.now()) return invite.value
  const [end = '', today = ''] = [expiresAtMs, Date.now()].map((ms) => new Date(ms).toISOString().slice(0, 10))
  throw new QuintetError(
    'INVITE_EXPIRED',
    `This invite expired on ${end}, and by the clock of this machine it is ${today}. Ask a member for a new one, if the clock is right.`,
  )
}
