import path from 'node:path'
import * as v from 'valibot'
import { DesktopFile } from './desktop-file.ts'

/** A machine's store of secrets, which seals for the person who is logged in at the system; Electron's `safeStorage` is one. */
export interface SecretStore {
  /**
   * `plain`: there is none that protects anything. What is kept then lies in a file that only its owner can read. `asking`: it has not answered yet, as
   * when it waits for the person to unlock it.
   */
  readonly kind: 'safe' | 'plain' | 'asking'
  seal(text: string): Promise<Buffer>
  /** Rejects when it was sealed by another store, or for somebody else. */
  open(sealed: Buffer): Promise<string>
}

const shape = v.object({ sealed: v.picklist(['safe', 'plain']), secret: v.string() })
type Kept = v.InferOutput<typeof shape>

/** What keeps a person signed in over restarts. It never leaves the main process. */
export class KeptLogIn {
  readonly #file: DesktopFile<Kept | null>
  readonly #store: SecretStore
  #work: Promise<void> = Promise.resolve()
  /** What was kept last had a seal: the keyring may only be locked now, and the person has agreed to a file without one only where there is none. */
  #wasSealed: 'yes' | 'no' = 'no'

  constructor(folder: string, store: SecretStore) {
    this.#file = new DesktopFile<Kept | null>(path.join(folder, 'log-in.json'), v.nullable(shape), null)
    this.#store = store
  }

  /** Null when nothing is kept, or when it cannot be opened here and now. */
  async read(): Promise<Uint8Array | null> {
    const kept = await this.#file.load()
    if (kept === null) return null
    const bytes = Buffer.from(kept.secret, 'base64')
    if (kept.sealed === 'plain') return bytes
    if (this.#store.kind !== 'safe') return null
    try {
      return Buffer.from(await this.#store.open(bytes), 'base64')
    } catch {
      return null
    }
  }

  /**
   * In place of what was kept before. Where that had a seal and this cannot have one, and while the store has not answered, nothing is kept: another
   * log-in has ended the former one.
   */
  keep(secret: Uint8Array): Promise<void> {
    return this.#inOrder(async () => {
      const text = Buffer.from(secret).toString('base64')
      const { kind } = this.#store
      if (kind === 'safe') {
        await this.#file.save({ sealed: kind, secret: (await this.#store.seal(text)).toString('base64') })
        return
      }
      if ((await this.#file.load())?.sealed === 'safe') this.#wasSealed = 'yes'
      const mayBePlain = kind === 'plain' && this.#wasSealed === 'no'
      await this.#file.save(mayBePlain ? { sealed: kind, secret: text } : null)
    })
  }

  /** Nothing is left of it in the file. */
  forget(): Promise<void> {
    return this.#inOrder(async () => {
      this.#wasSealed = 'no'
      await this.#file.save(null)
    })
  }

  settled(): Promise<void> {
    return this.#work
  }

  /** Sealing takes its time: what is forgotten meanwhile must not come back. */
  #inOrder(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work)
    this.#work = done.catch(() => undefined)
    return done
  }
}
