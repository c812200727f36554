import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { platform } from 'node:os'
import path from 'node:path'

const commandWithinMs = 20_000
const folders = ['/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** Runs a command of the system to its end, with `input` on its stdin; what it wrote. Rejects with what it wrote to stderr. */
export const command = (name: string, args: readonly string[], input = ''): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = execFile(name, [...args], { timeout: commandWithinMs }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${name} ${args.join(' ')}: ${stderr.trim() || error.message}`))
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })

export const hasCommand = (name: string): boolean => folders.some((folder) => existsSync(path.join(folder, name)))

export const isRootOnLinux = (): boolean => platform() === 'linux' && process.getuid?.() === 0

export const isAlive = (id: number): boolean => {
  try {
    process.kill(id, 0)
    return true
  } catch {
    return false
  }
}

export const sleep = (forMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, forMs))

/** What `work` gives, or null when it takes longer; it goes on then. */
export const withinMs = <Value>(work: Promise<Value>, limitMs: number): Promise<Value | null> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), limitMs)
    work.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error instanceof Error ? error : new Error(String(error)))
      },
    )
  })
