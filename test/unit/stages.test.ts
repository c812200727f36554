import { spawn } from 'node:child_process'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { type RunTool, timeStage } from '../../build/stages.ts'

const root = path.join(import.meta.dirname, '..', '..')

/** As `npm test -- ARGS`. */
const runStages = (...args: readonly string[]): Promise<{ readonly code: number | null; readonly lines: string[] }> => {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')))
  const child = spawn(process.execPath, ['build/test.ts', ...args], { cwd: root, env })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, lines: said.trim().split('\n') })))
}

describe('the stages of the tests', () => {
  test('are not content where a name has no test', async () => {
    const { code, lines } = await runStages('conformance', 'storage-sim', '-t', 'no test is called so')
    expect([code, lines.at(-1)]).toEqual([1, '0 passed, 1 failed'])
  })

  test('are those that there are, and no others', async () => {
    const { code, lines } = await runStages('no-such-stage')
    expect([code, lines[0]]).toEqual([2, expect.stringContaining('no stage "no-such-stage"')])
  })

  test('count one that breaks off as one that has failed', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    const breaks = { name: 'breaks off', run: (_tool: RunTool) => Promise.reject(new Error('no memory')) }
    expect(await timeStage(breaks)).toMatchObject({ name: 'breaks off', ok: false, passed: 0, failed: 1 })
    vi.restoreAllMocks()
  })
})
