import { randomBytes, randomInt } from 'node:crypto'
import { rmSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { uptime } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { QuintetError } from '../core/model/errors.ts'
import { isForWantOfRoom, makeDirectory, renameFile, systemCode } from './file-names.ts'
import { notUsable } from './not-usable.ts'
import { lockBySystem, type SystemLock } from './system-lock.ts'

export interface DirectoryLock {
  release(): Promise<void>
}

/** Who holds a directory. */
interface Holder {
  readonly pid: number
  /** What tells this process from others that had or will have its pid; null where the system does not say. */
  readonly process: string | null
  readonly sinceMs: number
}

const folderName = 'lock'
/** Beside the folder, whose files are looked through. */
const systemLockName = 'lock.held'
/** Of a file that has no content, because the disk is full: its name says all. */
const inName = '.held'
const attempts = 8
const mostPauseMs = 40
/** By how much the time of the machine's start, as computed now and then, may differ. */
const bootToleranceMs = 60_000

/**
 * Takes `directory`, which exists, for this process. Each process that wants it puts down a file of its own and then looks for
 * those of others: of two that come at once at least one sees the other and gives way, and a file that a dead process left
 * can be removed by anyone, because its name never comes again. DIRECTORY_IN_USE (says who holds it), DIRECTORY_NOT_USABLE.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const folder = `${directory}/${folderName}`
  for (let attempt = 1; ; attempt++) {
    const own = await putDown(folder)
    const other = await liveHolder(folder, own)
    const lock = other === null ? lockBySystem(`${directory}/${systemLockName}`) : 'taken'
    if (lock !== 'taken') return held(`${folder}/${own}`, lock)
    await rm(`${folder}/${own}`, { force: true })
    if (attempt === attempts) throw inUse(directory, other)
    // Two that gave way to each other must not do so for ever.
    await setTimeout(randomInt(1, mostPauseMs))
  }
}

const heldFiles = new Set<string>()
// A process that ends itself, as one that is told to before it has begun, leaves nothing that has to be told from a live one's.
process.on('exit', () => {
  for (const file of heldFiles) rmSync(file, { force: true })
})

const held = (file: string, lock: SystemLock | null): DirectoryLock => {
  heldFiles.add(file)
  return {
    release: async () => {
      await rm(file, { force: true })
      heldFiles.delete(file)
      lock?.release()
    },
  }
}

/** `holder`: null for one whose id means nothing here, who is taken for dead by its file. */
const inUse = (directory: string, holder: Holder | null): QuintetError => {
  const who =
    holder === null
      ? 'a process of another container or machine'
      : `process ${holder.pid} since ${new Date(holder.sinceMs).toISOString()}`
  return new QuintetError('DIRECTORY_IN_USE', `${directory} is in use by ${who}.`)
}

/** The process that holds `directory` now; null when none does. */
export async function lockHolder(directory: string): Promise<number | null> {
  const folder = `${directory}/${folderName}`
  for (const name of await readdir(folder).catch(() => [])) {
    const holder = await readHolder(`${folder}/${name}`)
    if (holder !== null && holder !== 'gone' && (await isAlive(holder))) return holder.pid
  }
  return null
}

/** The file appears whole: it gets its name when it is written. */
async function putDown(folder: string): Promise<string> {
  const name = `${process.pid}-${randomBytes(8).toString('hex')}`
  const holder: Holder = { pid: process.pid, process: await processMark(process.pid), sinceMs: Date.now() }
  const beside = `${folder}/${name}.new`
  try {
    await makeDirectory(folder, 0o700)
    await writeFile(beside, JSON.stringify(holder), { mode: 0o600 })
    await renameFile(beside, `${folder}/${name}.json`)
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined)
    if (isForWantOfRoom(error)) {
      const told = `${name}.${Buffer.from(JSON.stringify(holder)).toString('base64url')}${inName}`
      // A name alone needs no room of its own on most disks.
      if (await wroteEmpty(`${folder}/${told}`)) return told
    }
    throw notUsable(`The data directory ${path.dirname(folder)} cannot be locked`, error)
  }
  return `${name}.json`
}

const wroteEmpty = (path: string): Promise<boolean> =>
  writeFile(path, '', { mode: 0o600 }).then(
    () => true,
    () => false,
  )

/** A live process that has put down a file; what the dead have left is removed. */
async function liveHolder(folder: string, own: string): Promise<Holder | null> {
  for (const name of await readdir(folder)) {
    if (name === own) continue
    const holder = await readHolder(`${folder}/${name}`)
    if (holder === 'gone') continue
    if (holder !== null && (await isAlive(holder))) return holder
    if (holder !== null || !(await isAlive(namedHolder(name)))) await rm(`${folder}/${name}`, { force: true })
  }
  return null
}

/** Null when the file is not whole: it is being written, or a power cut has emptied it. */
async function readHolder(path: string): Promise<Holder | 'gone' | null> {
  if (path.endsWith(inName)) {
    const told = path.slice(0, -inName.length)
    return parseHolder(Buffer.from(told.slice(told.lastIndexOf('.') + 1), 'base64url').toString())
  }
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch {
    return 'gone'
  }
  return parseHolder(text)
}

function parseHolder(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return null
    if (!('pid' in value) || !('process' in value) || !('sinceMs' in value)) return null
    const { pid, process: mark, sinceMs } = value
    if (typeof pid !== 'number' || typeof sinceMs !== 'number') return null
    return { pid, process: typeof mark === 'string' ? mark : null, sinceMs }
  } catch {
    return null
  }
}

/** What a file's name alone tells. */
const namedHolder = (name: string): Holder => ({ pid: Number.parseInt(name, 10), process: null, sinceMs: Date.now() })

async function isAlive({ pid, process: mark, sinceMs }: Holder): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) return false
  // A clock that was set meanwhile misleads this, so it is asked only where nothing better is known.
  if (mark === null && sinceMs < Date.now() - uptime() * 1_000 - bootToleranceMs) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    // It is somebody else's.
    if (systemCode(error) !== 'EPERM') return false
  }
  const now = await processMark(pid)
  return now !== 'dead' && (mark === null || now === null || now === mark)
}

/** On Linux the machine's start and the process's, `dead` for one that only waits to be buried; null elsewhere. */
async function processMark(pid: number): Promise<string | null> {
  if (process.platform !== 'linux') return null
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ])
    // The second field, the command's name, may hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return 'dead'
    return `${boot.trim()} ${fields[19]}`
  } catch {
    return null
  }
}
