import path from 'node:path'
import * as v from 'valibot'
import { DesktopFile } from './desktop-file.ts'

/** A machine's store of secrets, which seals for the person who is logged in at the system; Electron's `safeStorage` is one. */
export interface SecretStore {
  /** `plain`: there is none that protects anything. What is kept then lies in a file that only its owner can read. */
  readonly kind: 'safe' | 'plain'
  seal(text: string): Buffer
  /** Throws when it was sealed by another store, or for somebody else. */
  open(sealed: Buffer): string
}

const shape = v.object({ sealed: v.picklist(['safe', 'plain']), secret: v.string() })
type Kept = v.InferOutput<typeof shape>

/** What keeps a person signed in over restarts. It never leaves the main process. */
export class KeptLogIn {
  readonly #file: DesktopFile<Kept | null>
  readonly #store: SecretStore

  constructor(folder: string, store: SecretStore) {
    this.#file = new DesktopFile<Kept | null>(path.join(folder, 'log-in.json'), v.nullable(shape), null)
    this.#store = store
  }

  /** Null when nothing is kept, or when it cannot be opened here. */
  async read(): Promise<Uint8Array | null> {
    const kept = await this.#file.load()
    if (kept === null) return null
    const bytes = Buffer.from(kept.secret, 'base64')
    if (kept.sealed === 'plain') return bytes
    if (this.#store.kind === 'plain') return null
    try {
      return Buffer.from(this.#store.open(bytes), 'base64')
    } catch {
      return null
    }
  }

  keep(secret: Uint8Array): Promise<void> {
    const text = Buffer.from(secret).toString('base64')
    const { kind } = this.#store
    return this.#file.save({
      sealed: kind,
      secret: kind === 'safe' ? this.#store.seal(text).toString('base64') : text,
    })
  }

  /** Nothing is left of it in the file. */
  forget(): Promise<void> {
    return this.#file.save(null)
  }

  settled(): Promise<void> {
    return this.#file.settled()
  }
}
