import { spawn } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { cacheFolder, commandOf } from '../stages.ts'
import { electronProgram } from './electron-runtime.ts'

const fetchWithinMs = 60_000
const progressEveryMs = 5_000
const rememberedMs = 24 * 60 * 60 * 1_000
const keptReasonChars = 200
/** Where a failure is remembered. */
export const fetchMemory = path.join(cacheFolder, 'electron-fetch.json')

/** Why Electron's runtime is not there; null when it is. Tried once a day at most, so that starts in between are quick. */
export const fetchElectron = async (tell: (message: string) => void): Promise<string | null> => {
  if (electronProgram() !== null) return null
  const former = await rememberedFailure()
  if (former !== null) return former
  tell(`fetching Electron's runtime (some 110 MB; for ${fetchWithinMs / 1_000} s at most)`)
  const reason = await fetchOnce(tell)
  // Who may not write here, as where somebody else has installed all this, tries again at the next start.
  await remember(reason).catch(() => undefined)
  return reason
}

const remember = async (reason: string | null): Promise<void> => {
  if (reason === null) return rm(fetchMemory, { force: true })
  await mkdir(cacheFolder, { recursive: true })
  await writeFile(fetchMemory, JSON.stringify({ failedAt: Date.now(), reason }))
}

const rememberedFailure = async (): Promise<string | null> => {
  try {
    const { failedAt, reason } = JSON.parse(await readFile(fetchMemory, 'utf8')) as { failedAt: number; reason: string }
    return Date.now() - failedAt < rememberedMs ? reason : null
  } catch {
    return null
  }
}

const fetchOnce = (tell: (message: string) => void): Promise<string | null> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [commandOf('electron', 'install.js')], { stdio: ['ignore', 'pipe', 'pipe'] })
    const began = Date.now()
    let output = ''
    const keep = (text: string): void => {
      output = (output + text).slice(-keptReasonChars * 10)
    }
    child.stdout.setEncoding('utf8').on('data', keep)
    child.stderr.setEncoding('utf8').on('data', keep)
    const progress = setInterval(
      () => tell(`still fetching (${Math.round((Date.now() - began) / 1_000)} s)`),
      progressEveryMs,
    )
    const limit = setTimeout(() => child.kill('SIGKILL'), fetchWithinMs)
    const end = (reason: string | null): void => {
      clearInterval(progress)
      clearTimeout(limit)
      resolve(reason)
    }
    child.once('error', (error) => {
      end(error.message)
    })
    child.once('close', (code, signal) => {
      if (electronProgram() !== null) end(null)
      else if (signal !== null) end(`it did not come within ${fetchWithinMs / 1_000} s`)
      else end(reasonIn(output) ?? `its installer ended with code ${String(code)}`)
    })
  })

/** The sentence of an error that says most, without the stack around it. */
const reasonIn = (output: string): string | null => {
  const line = output.split('\n').find((one) => /error/i.test(one))
  return line === undefined
    ? null
    : line
        .replace(/^.*?Error:\s*/, '')
        .trim()
        .slice(0, keptReasonChars)
}
