import { expect, test } from 'vitest'
import { patiently, syncDirectory } from '../../replica/drivers/file-names.ts'

const failure = (code: string): Error => Object.assign(new Error(code), { code })

/** What fails so often by these codes, and then goes well. */
const failing = (...codes: readonly string[]) => {
  const left = [...codes]
  return (): Promise<string> => {
    const code = left.shift()
    return code === undefined ? Promise.resolve('done') : Promise.reject(failure(code))
  }
}

test('what another program has open for a moment is tried again on Windows', async () => {
  expect(await patiently(failing('EPERM', 'EBUSY', 'EACCES'), 'win32')).toBe('done')
  await expect(patiently(failing('EPERM'), 'linux')).rejects.toMatchObject({ code: 'EPERM' })
  await expect(patiently(failing('ENOSPC'), 'win32')).rejects.toMatchObject({ code: 'ENOSPC' })
})

test.runIf(process.platform === 'linux')(
  'a file system that does not know how to make names durable can be used',
  async () => {
    await syncDirectory('/proc')
    await expect(syncDirectory('/proc/nowhere')).rejects.toMatchObject({ code: 'ENOENT' })
  },
)
