import type { DocumentId, Letter } from '../../replica/client/contract/mailbox.ts'

/** After the last change, in milliseconds. */
const restMs = 700
/** Whoever writes without a pause has it saved this often, too. */
const writingMs = 3_000

export type KeptState = 'new' | 'changed' | 'saving' | 'saved' | 'failed'

export interface DraftSaver<Written, Name> {
  readonly written: () => Written
  readonly save: (written: Written, draft: Name | null) => Promise<Name>
  readonly onState: (state: KeptState, draft: Name | null) => void
}

/** Saves what is being written soon after every change: one save at a time, and never an older text over a newer one. */
export class DraftKeeper<Written = Letter, Name = DocumentId> {
  readonly #saver: DraftSaver<Written, Name>
  #draft: Name | null
  #timer: ReturnType<typeof setTimeout> | null = null
  #changedSince: number | null = null
  #saving: Promise<'saved' | 'failed'> | null = null
  #failure: unknown = null

  constructor(saver: DraftSaver<Written, Name>, draft: Name | null) {
    this.#saver = saver
    this.#draft = draft
  }

  /** Null until it has been saved for the first time. */
  get draft(): Name | null {
    return this.#draft
  }

  /** Why it could not be saved the last time; null when it could. */
  get failure(): unknown {
    return this.#failure
  }

  /** Whether something is not saved yet. */
  get isBehind(): boolean {
    return this.#changedSince !== null || this.#saving !== null
  }

  changed(nowMs: number): void {
    this.#changedSince ??= nowMs
    this.#tell('changed')
    if (this.#timer !== null) clearTimeout(this.#timer)
    const waitMs = Math.max(Math.min(restMs, this.#changedSince + writingMs - nowMs), 0)
    this.#timer = setTimeout(() => void this.flush(), waitMs)
  }

  /** From now on it is saved under another name. */
  detach(): void {
    this.#draft = null
  }

  /** Saves what is not saved yet, at once; fulfilled when it is durable or has failed (then it is tried at the next change). */
  async flush(): Promise<void> {
    this.#stopTimer()
    while (this.isBehind) {
      this.#saving ??= this.#save()
      if ((await this.#saving) === 'failed') return
    }
  }

  /** Forgets what is not saved: the letter is sent or thrown away. Fulfilled when no save is under way. */
  async stop(): Promise<void> {
    this.#stopTimer()
    this.#changedSince = null
    await this.#saving
  }

  async #save(): Promise<'saved' | 'failed'> {
    const since = this.#changedSince
    this.#changedSince = null
    this.#tell('saving')
    try {
      this.#draft = await this.#saver.save(this.#saver.written(), this.#draft)
      this.#failure = null
      this.#tell(this.#hasChanges() ? 'changed' : 'saved')
      return 'saved'
    } catch (error) {
      this.#failure = error
      this.#changedSince ??= since
      this.#tell('failed')
      return 'failed'
    } finally {
      this.#saving = null
    }
  }

  #hasChanges(): boolean {
    return this.#changedSince !== null
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #tell(state: KeptState): void {
    this.#saver.onState(state, this.#draft)
  }
}
