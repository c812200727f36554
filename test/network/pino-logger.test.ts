import fs, { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { limits } from '../../replica/core/model/limits.ts'
import { createPinoLogger } from '../../replica/drivers/pino-logger.ts'

const alwaysFull = '/dev/full'
const takesAll = '/dev/null'

test('the log keeps what its level asks for, and never a secret', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'quintet-log-'))
  const file = join(directory, 'logs', 'replica.log')
  const { logger, close } = createPinoLogger({ level: 'info', file })
  logger.debug('too small')
  logger.info('joined', { token: 'hush', peer: 'P', inner: { groupKey: 'hush' } })
  logger.error('failed')
  close()
  // As what ends after its replica does.
  logger.error('too late')
  const text = await readFile(file, 'utf8')
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.map(({ msg }) => msg)).toEqual(['joined', 'failed'])
  expect(lines[0]).toMatchObject({ peer: 'P', token: '[secret]' })
  expect(text).not.toContain('hush')
  await rm(directory, { recursive: true })
})

test('the log does not grow for ever, whatever is told again and again, and its last lines stay', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'quintet-log-'))
  const file = join(directory, 'replica.log')
  const text = 'x'.repeat(65_536)
  const { logger, close } = createPinoLogger({ level: 'info', file })
  for (let count = 0; count < (3 * limits.logFileBytes) / text.length; count += 1) logger.warn('not valid', { text })
  close()
  // It was long when the program ended, and goes on.
  const next = createPinoLogger({ level: 'info', file })
  next.logger.info('the last')
  next.close()
  expect(await readdir(directory)).toEqual(['replica.log', 'replica.log.1'])
  const sizes = await Promise.all([file, `${file}.1`].map(async (of) => (await stat(of)).size))
  expect(Math.max(...sizes)).toBeLessThan(limits.logFileBytes + 2 * text.length)
  expect((await readFile(file, 'utf8')).trim().split('\n').at(-1)).toContain('the last')
  await rm(directory, { recursive: true })
})

test('a log that cannot be opened keeps no replica from starting, and is told', async () => {
  const file = await mkdtemp(join(tmpdir(), 'quintet-log-'))
  const told: string[] = []
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0)
  const { close } = createPinoLogger({ level: 'silent', file })
  close()
  stderr.mockRestore()
  expect(told.join('')).toContain(`${file} cannot be written`)
  await rm(file, { recursive: true })
})

test.skipIf(!existsSync(takesAll))('a log that is a device is not set aside', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'quintet-log-'))
  const file = join(directory, 'replica.log')
  await symlink(takesAll, file)
  const { logger, close } = createPinoLogger({ level: 'info', file })
  const text = 'x'.repeat(65_536)
  for (let count = 0; count <= limits.logFileBytes / text.length; count += 1) logger.warn('not valid', { text })
  close()
  expect(await readdir(directory)).toEqual(['replica.log'])
  await rm(directory, { recursive: true })
})

test.skipIf(!existsSync(alwaysFull))('a log that cannot be written, on a full disk, is no reason to end', async () => {
  const { logger, close } = createPinoLogger({ level: 'info', file: alwaysFull })
  const line = { text: 'x'.repeat(10_000) }
  for (let count = 0; count < 1_000; count += 1) logger.warn('the disk is full', line)
  // A failed write is told in the next turn.
  await new Promise((resolve) => setImmediate(resolve))
  close()
})

test('what did not fit on the disk is written when there is room', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'quintet-log-'))
  const file = join(directory, 'replica.log')
  const { logger, close } = createPinoLogger({ level: 'info', file })
  const write = vi.spyOn(fs, 'writeSync').mockImplementationOnce(() => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  })
  logger.info('first')
  expect(write).toHaveBeenCalledOnce()
  logger.info('second')
  close()
  const text = await readFile(file, 'utf8')
  expect(text.indexOf('first')).toBeGreaterThan(0)
  expect(text.indexOf('second')).toBeGreaterThan(text.indexOf('first'))
  await rm(directory, { recursive: true })
})
