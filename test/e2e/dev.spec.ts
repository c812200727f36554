import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { root } from '../../build/stages.ts'
import { expect, test } from './harness.ts'
import { processesOf } from './processes.ts'

test('npm run dev ends with npm, also when that is killed', async ({ quintet }) => {
  test.skip(process.platform !== 'linux', 'looks for the processes as Linux tells of them')
  const data = await quintet.directory()
  const own = ['--data', data, '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0']
  const npm = spawn('npm', ['run', 'dev', '--', ...own], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  // npm, its shell, this project's runner, the program, and on the stand-in Chromium's processes.
  await expect.poll(async () => (await processesOf(data)).length, { timeout: 120_000 }).toBeGreaterThan(4)
  const ended = once(npm, 'exit')
  npm.kill('SIGKILL')
  await ended
  await expect.poll(() => processesOf(data)).toEqual([])
})
