/** `length` random bytes, fit for keys. */
export type RandomBytes = (length: number) => Uint8Array

/** Time as a client needs it; the host's `ClockPort` fits. */
export interface ClientClock {
  nowMs(): number
  /** Calls `task` after `delayMs` unless the returned function is called before. */
  after(delayMs: number, task: () => void): () => void
}

/** Files of this machine's clients: bytes by name, each replaced whole or not at all. What is in them is sealed by the client. */
export interface ClientStore {
  /** Makes the folder when there is none. DISK_FAILED. */
  open(folder: string): Promise<StoreFolder>
}

export interface StoreFolder {
  /** False when another process has the folder: then it can only be read. */
  readonly isWritable: boolean
  names(): Promise<readonly string[]>
  /** Null when there is no such file. */
  read(name: string): Promise<Uint8Array | null>
  write(name: string, bytes: Uint8Array): Promise<void>
  remove(name: string): Promise<void>
  /** Lets other processes have it. */
  close(): Promise<void>
}
