import { safeStorage } from 'electron'
import type { SecretStore } from '../state/kept-log-in.ts'

/** The system's keyring, as Electron offers it. To be asked for when the app is ready. */
export const systemSecretStore = (): SecretStore => ({
  kind: isSafe() ? 'safe' : 'plain',
  seal: (text) => safeStorage.encryptString(text),
  open: (sealed) => safeStorage.decryptString(sealed),
})

/** Without a keyring Electron seals on Linux with a password that is the same everywhere, which protects nothing. */
const isSafe = (): boolean => {
  if (!safeStorage.isEncryptionAvailable()) return false
  return process.platform !== 'linux' || !weakBackends.has(safeStorage.getSelectedStorageBackend())
}

const weakBackends: ReadonlySet<string> = new Set(['basic_text', 'unknown'])
