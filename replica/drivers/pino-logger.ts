import { renameSync, statSync } from 'node:fs'
import { destination, pino } from 'pino'
import { limits } from '../core/model/limits.ts'
import type { LoggerPort } from '../host/ports.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** A logger, and what makes it write down everything that it still holds. */
export interface ClosableLogger {
  readonly logger: LoggerPort
  close(): void
}

/** Fields that must never be written, wherever they turn up. */
const secretFields = ['password', 'privateKey', 'groupKey', 'token', 'invite', 'seed', 'phrase', 'key']

/**
 * Logs lines of JSON to `file` (appended, made when missing; what is older than the last few megabytes goes), or to stderr when it is null; never to stdout, which belongs to
 * the scripted interface. Fields that hold secrets are blotted out.
 */
export const createPinoLogger = (options: {
  readonly level: LogLevel
  readonly file: string | null
}): ClosableLogger => {
  const target = openTarget(options.file)
  // A full disk is told elsewhere; what could not be written is tried again with the next line.
  target.on('error', () => undefined)
  if (options.file !== null) keepSmall(target, options.file)
  const log = pino(
    {
      level: options.level,
      base: null,
      redact: { paths: [...secretFields, ...secretFields.map((field) => `*.${field}`)], censor: '[secret]' },
    },
    target,
  )
  let isClosed = false
  const line =
    (level: 'debug' | 'info' | 'warn' | 'error'): LoggerPort['info'] =>
    (message, fields) => {
      // What ends after its replica has still something to say: it must not end the window's program by that.
      if (!isClosed) log[level](fields ?? {}, message)
    }
  const logger: LoggerPort = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  return {
    logger,
    close: () => {
      isClosed = true
      // Lines are written as they come. What does not fit on the disk is tried once more: flushSync would try for ever.
      if (options.file !== null) target.end()
    },
  }
}

/** One that cannot be opened, as where somebody else has written it before, goes to stderr: no replica stays away for that. */
const openTarget = (file: string | null): ReturnType<typeof destination> => {
  const common = { sync: true, mkdir: true, maxLength: limits.unwrittenLogBytes, mode: 0o600 }
  try {
    return destination({ ...common, dest: file ?? 2 })
  } catch (error) {
    process.stderr.write(`quintet: ${String(file)} cannot be written: ${String(error)}\n`)
    return destination({ ...common, dest: 2 })
  }
}

/** A log is this file and the one before it: whoever sends what is not valid, as fast as it can, must not fill the disk. */
const keepSmall = (target: ReturnType<typeof destination>, file: string): void => {
  let bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  target.on('write', (written: number) => {
    bytes += written
    if (bytes < limits.logFileBytes) return
    bytes = 0
    try {
      // A device is not set aside.
      if (!statSync(file).isFile()) return
      renameSync(file, `${file}.1`)
      target.reopen()
    } catch {
      // Another program has it open: it goes on growing, and is tried again after as much.
    }
  })
}
