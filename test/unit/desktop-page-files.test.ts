import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readPageFile } from '../../electron/window/page-files.ts'

const failing = (code: string) => Promise.reject(Object.assign(new Error(code), { code }))

test('a script of the page is there also where no more files can be opened for a moment', async () => {
  const codes = ['EMFILE', 'ENFILE']
  const read = async (): Promise<Buffer> => {
    const code = codes.shift()
    return code === undefined ? Buffer.from('a script') : failing(code)
  }
  expect(String(await readPageFile('main.js', read))).toBe('a script')
})

test('what is not there is not waited for, and what cannot be read is not taken for missing', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'quintet-page-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFile(path.join(folder, 'index.html'), 'the page')
  expect(String(await readPageFile(path.join(folder, 'index.html')))).toBe('the page')
  for (const name of ['none.js', '.', 'index.html/none.js'])
    expect(await readPageFile(path.join(folder, name)), name).toBe(null)
  await expect(readPageFile('main.js', () => failing('EIO'))).rejects.toThrow('EIO')
})
