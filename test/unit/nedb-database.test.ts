import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../replica/drivers/nedb-database.ts'

interface Note {
  readonly _id: string
  readonly b: string
}

const modes = { fileMode: 0o600, dirMode: 0o700 }
const directories: string[] = []
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true })
})

const newPath = async (): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'quintet-database-'))
  directories.push(directory)
  return join(directory, '1.db')
}

const note = (_id: string, b: string): Note => ({ _id, b })
const byId = (notes: readonly Note[]): readonly Note[] => notes.toSorted((one, other) => (one._id < other._id ? -1 : 1))

/** A datastore of `old` notes, which writes into its file by itself from now on, and how often it did. */
const appending = async (path: string, old: readonly Note[]) => {
  const database = await openDatabase<Note>(path, modes)
  await database.insert(old)
  let writes = 0
  let isFull = false
  database.appendTo({
    append: (parts) => {
      if (isFull) return Promise.reject(new Error('no room'))
      writes += 1
      return appendFile(path, parts.join(''))
    },
  })
  const fill = (): void => {
    isFull = true
  }
  return { database, fill, writes: () => writes }
}

const reopened = async (path: string, ids: readonly string[]): Promise<readonly Note[]> =>
  byId(await (await openDatabase<Note>(path, modes)).find(ids))

describe('a datastore that appends to its file', () => {
  test('finds what it held before and what came since, and writes each once', async () => {
    const path = await newPath()
    const { database, writes } = await appending(path, [note('1', 'old')])
    await database.insert([note('2', 'new'), note('3', 'newer')])
    expect(byId(await database.find(['3', '1', '2', '4']))).toEqual([
      note('1', 'old'),
      note('2', 'new'),
      note('3', 'newer'),
    ])
    expect(writes()).toBe(1)
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
    expect(lines).toHaveLength(3)
    expect(await reopened(path, ['1', '2', '3'])).toEqual(byId(await database.find(['1', '2', '3'])))
  })

  test('replaces and removes what came since, in its memory and in the file', async () => {
    const path = await newPath()
    const { database, writes } = await appending(path, [note('1', 'old')])
    await database.insert([note('2', 'new'), note('3', 'newer')])
    await database.replace([note('2', 'changed')])
    await database.insert([note('4', 'newest')])
    await database.remove(['3', '1'])
    await database.insert([note('5', 'last')])
    const left = [note('2', 'changed'), note('4', 'newest'), note('5', 'last')]
    expect(byId(await database.find(['1', '2', '3', '4', '5']))).toEqual(left)
    expect(await reopened(path, ['1', '2', '3', '4', '5'])).toEqual(left)
    // Three inserts, a replacement and a removal: what is taken in later is not written again.
    expect(writes()).toBe(5)
  })

  test('does not have what could not be written', async () => {
    const { database, fill } = await appending(await newPath(), [])
    fill()
    await expect(database.insert([note('1', 'lost')])).rejects.toThrow('no room')
    expect(await database.find(['1'])).toEqual([])
  })
})
