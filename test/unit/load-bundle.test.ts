import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { root } from '../../build/stages.ts'

const functions = 300
const loader = path.join(root, 'build', 'load-bundle.cjs')
let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'quintet-load-bundle-'))
  file = path.join(folder, 'main.js')
  const some = Array.from(
    { length: functions },
    (_, index) => `const f${index} = (x) => { const a = [x, ${index}]; return a[0] + a[1] }`,
  )
  const all = Array.from({ length: functions }, (_, index) => `f${index}(1)`)
  writeFileSync(file, `${some.join('\n')}\nconsole.log(${all.join(' + ')})\n`)
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** The compiled code is kept two seconds after the start. */
const keptAfterMs = 2_300

const run = (forMs = 0) => {
  const script = `require(${JSON.stringify(loader)}).loadBundle(${JSON.stringify(file)}); setTimeout(() => undefined, ${forMs})`
  const { stdout, status, signal } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' })
  return { stdout, status, signal }
}

test('compiled code that a power cut has left half written is not run', () => {
  const whole = run(keptAfterMs)
  const cache = `${file}.main.cache`
  const bytes = readFileSync(cache)
  writeFileSync(cache, Buffer.concat([bytes.subarray(0, bytes.length / 2), Buffer.alloc(bytes.length / 2)]))
  expect(run()).toEqual(whole)
}, 30_000)
