import { mkdir, readFile, rm, statfs } from 'node:fs/promises'
import path from 'node:path'
import { command, isAlive } from './system.ts'

const sizeMb = 96
const leftBytes = 200_000
const tries = 5
const ballastName = 'ballast'

const mountPattern = /^tmpfs (\S*\/quintet-torture-(\d+)-[^/]+\/disk-\d+) /gm

/** Of runs that were killed. */
export const unmountLeftOvers = async (): Promise<void> => {
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '')
  for (const [, directory = '', owner] of mounts.matchAll(mountPattern))
    if (!isAlive(Number(owner))) await command('umount', ['--lazy', directory]).catch(() => undefined)
}

/** A small disk of its own, which can be filled and emptied. */
export class SmallDisk {
  readonly directory: string

  private constructor(directory: string) {
    this.directory = directory
  }

  /** Rejects where nothing can be mounted. */
  static async mount(directory: string): Promise<SmallDisk> {
    await mkdir(directory)
    await command('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', directory])
    return new SmallDisk(directory)
  }

  /** Leaves next to nothing. What the replica writes meanwhile may take more than was to be left: then once more. */
  async fill(triesLeft = tries): Promise<void> {
    const { bavail, bsize } = await statfs(this.directory)
    const bytes = Math.max(0, bavail * bsize - leftBytes)
    if (bytes === 0) return
    try {
      await command('fallocate', ['--length', String(bytes), path.join(this.directory, ballastName)])
    } catch (error) {
      if (triesLeft <= 1) throw error
      await this.empty()
      await this.fill(triesLeft - 1)
    }
  }

  async empty(): Promise<void> {
    await rm(path.join(this.directory, ballastName), { force: true })
  }

  async unmount(): Promise<void> {
    await command('umount', ['--lazy', this.directory]).catch(() => undefined)
  }
}
