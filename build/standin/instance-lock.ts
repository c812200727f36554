import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs'
import path from 'node:path'

type Told = (args: readonly string[], folder: string) => void

const startTimeField = 21
const attempts = 5

/**
 * One instance for a folder. Electron's call is synchronous, so this is a file with the holder's process; a second instance
 * leaves its arguments in a folder that the first one watches. A holder that was killed has no process any more.
 */
export class InstanceLock {
  readonly #file: string

  private constructor(file: string) {
    this.#file = file
  }

  /** Null when another instance holds it, which has been told then. */
  static take(folder: string, told: Told): InstanceLock | null {
    const file = path.join(folder, 'stand-in.lock')
    const notes = path.join(folder, 'stand-in.notes')
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      try {
        writeFileSync(file, identityOf(process.pid) ?? '', { flag: 'wx' })
        rmSync(notes, { recursive: true, force: true })
        mkdirSync(notes)
        watchNotes(notes, told)
        return new InstanceLock(file)
      } catch (error) {
        if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error
      }
      const holder = readFileSync(file, 'utf8')
      if (identityOf(Number(holder.split(' ')[0])) === holder) {
        leaveNote(notes)
        return null
      }
      rmSync(file, { force: true })
    }
    throw new Error(`stand-in: ${file} could not be taken`)
  }

  release(): void {
    rmSync(this.#file, { force: true })
  }
}

/** A process and when it started, because numbers of processes come again. Null when there is none. */
const identityOf = (pid: number): string | null => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '- - ')
      .split(' ')
    return `${pid} ${String(fields[startTimeField])}`
  } catch {
    return null
  }
}

const leaveNote = (notes: string): void => {
  const note = path.join(notes, randomUUID())
  writeFileSync(`${note}.new`, JSON.stringify({ args: process.argv, folder: process.cwd() }))
  renameSync(`${note}.new`, `${note}.json`)
}

const watchNotes = (notes: string, told: Told): void => {
  watch(notes, { persistent: false }, () => {
    for (const name of readdirSync(notes).filter((one) => one.endsWith('.json'))) {
      const file = path.join(notes, name)
      const { args, folder } = JSON.parse(readFileSync(file, 'utf8')) as { args: readonly string[]; folder: string }
      rmSync(file)
      told(args, folder)
    }
  })
}
