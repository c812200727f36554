import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createPinoLogger } from '../../replica/drivers/pino-logger.ts'

test('the log keeps what its level asks for, and never a secret', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'quintet-log-'))
  const file = join(directory, 'logs', 'replica.log')
  const { logger, close } = createPinoLogger({ level: 'info', file })
  logger.debug('too small')
  logger.info('joined', { token: 'hush', peer: 'P', inner: { groupKey: 'hush' } })
  logger.error('failed')
  close()
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
