import { safeStorage } from 'electron'
import type { SecretStore } from '../state/kept-log-in.ts'

/** A keyring may ask the person for its password first; the start does not wait for that. */
const startWaitsMs = 3_000

export interface SystemSecretStore extends SecretStore {
  /** Fulfilled when it has answered which it is. */
  readonly answered: Promise<'safe' | 'plain'>
}

/** The system's keyring, as Electron offers it. To be asked for when the app is ready. */
export const systemSecretStore = (): SystemSecretStore => {
  let kind: SecretStore['kind'] = 'asking'
  const answered = isThere()
    .catch(() => false)
    .then((isSafe) => (kind = isSafe ? 'safe' : 'plain'))
  return {
    get kind() {
      return kind
    },
    answered,
    seal: (text) => safeStorage.encryptStringAsync(text),
    open: async (sealed) => (await safeStorage.decryptStringAsync(sealed)).result,
  }
}

/** Fulfilled when it has answered, or when a start has waited for it long enough. */
export const answeredSoon = async ({ answered }: SystemSecretStore): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<void>((over) => {
    timer = setTimeout(over, startWaitsMs)
  })
  await Promise.race([answered, tooLate])
  clearTimeout(timer)
}

/** Without a keyring Electron seals on Linux with a password that is the same everywhere, which protects nothing. */
const isThere = async (): Promise<boolean> => {
  if (!(await safeStorage.isAsyncEncryptionAvailable())) return false
  return process.platform !== 'linux' || !weakBackends.has(safeStorage.getSelectedStorageBackend())
}

const weakBackends: ReadonlySet<string> = new Set(['basic_text', 'unknown'])
