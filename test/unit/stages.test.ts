import { spawn } from 'node:child_process'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { type RunTool, runOnTwoLanes, type Stage, timeStage } from '../../build/stages.ts'

const root = path.join(import.meta.dirname, '..', '..')

/** As `npm test -- ARGS`. */
const runStages = (...args: readonly string[]): Promise<{ readonly code: number | null; readonly lines: string[] }> => {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')))
  const child = spawn(process.execPath, ['build/test.ts', ...args], { cwd: root, env })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, lines: said.trim().split('\n') })))
}

const stageNamed = (name: string): Stage => ({ name, run: () => Promise.reject(new Error('it is not run')) })

describe('the stages of the tests', () => {
  test('are not content where a name has no test', async () => {
    const { code, lines } = await runStages('conformance', 'storage-sim', '-t', 'no test is called so')
    expect([code, lines.at(-1)]).toEqual([1, '0 passed, 1 failed'])
  })

  test('are those that there are, and no others', async () => {
    const { code, lines } = await runStages('no-such-stage')
    expect([code, lines[0]]).toEqual([2, expect.stringContaining('no stage "no-such-stage"')])
  })

  test.each(['--help', '-h'])('are listed, and not run, for %s', async (option) => {
    const { code, lines } = await runStages(option)
    expect([code, lines[0]]).toEqual([0, 'usage: npm test -- [STAGE...] [FILTER...]'])
    expect(lines.at(-1)).toMatch(/^stages: check, unit, .*, torture$/)
  })

  test('that compute run beside those that wait, of which the last are taken over when nothing is left to compute', async () => {
    const begun: string[] = []
    const running = new Map<string, () => void>()
    const run = async (name: string): Promise<void> => {
      begun.push(name)
      await new Promise<void>((resolve) => running.set(name, resolve))
    }
    const end = async (name: string): Promise<void> => {
      running.get(name)?.()
      running.delete(name)
      await setImmediate()
    }
    const all = runOnTwoLanes(['types', 'unit'].map(stageNamed), ['long', 'middle', 'short', 'last'].map(stageNamed), {
      front: ({ name }) => run(`${name} in front`),
      behind: ({ name }, priority) => run(`${name}, ${priority}`),
    })
    expect(begun).toEqual(['long in front', 'types, low'])
    await end('types, low')
    await end('unit, low')
    expect([...running.keys()]).toEqual(['long in front', 'last, ordinary'])
    await end('last, ordinary')
    await end('long in front')
    expect([...running.keys()]).toEqual(['short, ordinary', 'middle in front'])
    await end('middle in front')
    await end('short, ordinary')
    await all
    expect(begun).toHaveLength(6)
  })

  test('count one that breaks off as one that has failed', async () => {
    vi.spyOn(console, 'error').mockReturnValue()
    const breaks = { name: 'breaks off', run: (_tool: RunTool) => Promise.reject(new Error('no memory')) }
    expect(await timeStage(breaks)).toMatchObject({ name: 'breaks off', ok: false, passed: 0, failed: 1 })
    vi.restoreAllMocks()
  })
})
