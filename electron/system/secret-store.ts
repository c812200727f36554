import { safeStorage } from 'electron'
import type { SecretStore } from '../state/kept-log-in.ts'

/** A keyring may ask the person for its password first; the start does not wait for that. */
const answersWithinMs = 3_000

/** The system's keyring, as Electron offers it. To be asked for when the app is ready. */
export const systemSecretStore = async (): Promise<SecretStore> => {
  const tooLate = new Promise<false>((over) => setTimeout(over, answersWithinMs, false))
  const isSafe = await Promise.race([isThere().catch(() => false), tooLate])
  return {
    kind: isSafe ? 'safe' : 'plain',
    seal: (text) => safeStorage.encryptStringAsync(text),
    open: async (sealed) => (await safeStorage.decryptStringAsync(sealed)).result,
  }
}

/** Without a keyring Electron seals on Linux with a password that is the same everywhere, which protects nothing. */
const isThere = async (): Promise<boolean> => {
  if (!(await safeStorage.isAsyncEncryptionAvailable())) return false
  return process.platform !== 'linux' || !weakBackends.has(safeStorage.getSelectedStorageBackend())
}

const weakBackends: ReadonlySet<string> = new Set(['basic_text', 'unknown'])
