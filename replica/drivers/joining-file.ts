import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { QuintetError } from '../core/model/errors.ts'
import { fromBase64Url, toBase64Url } from '../wire/bytes.ts'
import { readJson, writeJson } from './json-file.ts'

const joiningName = 'joining.json'

/**
 * The raw Ed25519 seed, 32 bytes, that this directory asks to be let in with by the invite `token`. It is kept before the members are
 * asked: a machine that is stopped before it has kept their answer asks again as the same one, and its invite is not lost.
 */
export const keepJoiningKey = async (directory: string, token: Uint8Array, fresh: Uint8Array): Promise<Uint8Array> => {
  const path = join(directory, joiningName)
  const kept = await readJson(path).catch((error: unknown) => {
    if (error instanceof QuintetError && error.code === 'DAMAGED') return null
    throw error
  })
  const asked = toBase64Url(token)
  if (kept?.['token'] === asked && typeof kept['privateKey'] === 'string') return fromBase64Url(kept['privateKey'])
  await writeJson(path, { token: asked, privateKey: toBase64Url(fresh) })
  return fresh
}

/** To be called once the directory is one of the group: nobody else may ever be let in with that key. */
export const forgetJoiningKey = (directory: string): Promise<void> => rm(join(directory, joiningName), { force: true })
