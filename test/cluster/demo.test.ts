import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { root } from '../../build/stages.ts'

test('the demonstration passes mail, splits, crashes and merges, and ends with five equal digests', async () => {
  const args = [path.join(root, 'build', 'run.cjs'), 'build/demo.ts', '--headless']
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1' },
  })
  expect(stdout).toContain('five equal states')
  expect(stdout).not.toContain('WRONG')
  const digests = stdout.slice(stdout.lastIndexOf('state digest')).matchAll(/ [0-9a-f]{16}$/gmu)
  const shown = [...digests].map(([digest]) => digest)
  expect(shown).toHaveLength(5)
  expect(new Set(shown).size).toBe(1)
})
