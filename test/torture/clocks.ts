import { existsSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** libfaketime, for programs with threads, in Debian's folder of it. */
const libraryName = 'libfaketimeMT.so.1'
const lookInto = '/usr/lib'
const msPerSecond = 1_000

/** A wall clock for each machine that can be set apart from the true one while its processes run. */
export class Clocks {
  readonly #library: string | null
  readonly #directory: string

  private constructor(directory: string, library: string | null) {
    this.#directory = directory
    this.#library = library
  }

  static async create(directory: string): Promise<Clocks> {
    const folders = await readdir(lookInto).catch(() => [])
    const files = folders.map((folder) => path.join(lookInto, folder, 'faketime', libraryName))
    return new Clocks(directory, files.find((file) => existsSync(file)) ?? null)
  }

  get description(): string {
    return this.#library === null
      ? 'clocks: all are right (there is no libfaketime)'
      : "clocks: each machine's own, set apart by libfaketime"
  }

  get canBeSet(): boolean {
    return this.#library !== null
  }

  /** What the processes of a machine need for having its clock; they look at it once a second. */
  async environmentOf(server: number): Promise<Readonly<Record<string, string>>> {
    if (this.#library === null) return {}
    if (!existsSync(this.#fileOf(server))) await this.set(server, 0)
    return {
      LD_PRELOAD: this.#library,
      FAKETIME_TIMESTAMP_FILE: this.#fileOf(server),
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DISABLE_SHM: '1',
      DONT_FAKE_MONOTONIC: '1',
    }
  }

  /** Fast by so much, or slow when it is negative. */
  async set(server: number, offsetMs: number): Promise<void> {
    const seconds = (offsetMs / msPerSecond).toFixed(3)
    await writeFile(this.#fileOf(server), offsetMs < 0 ? seconds : `+${seconds}`)
  }

  #fileOf(server: number): string {
    return path.join(this.#directory, `clock-${server}`)
  }
}
