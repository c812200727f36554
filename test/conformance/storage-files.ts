import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OriginId, Sequence } from '../../replica/core/model/ids.ts'
import { openNedbStorage } from '../../replica/drivers/nedb-storage.ts'
import type { FileSystem } from '../../replica/drivers/nedb-files.ts'
import { scanSegment } from '../../replica/drivers/nedb-segment-index.ts'
import type { LoggerPort, Storage } from '../../replica/host/ports.ts'
import { wire } from '../property/arbitraries.ts'
import type { StorageUnderTest } from './storage.ts'

const ignore = (): void => undefined
export const silentLogger: LoggerPort = { debug: ignore, info: ignore, warn: ignore, error: ignore }

export const makeDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'quintet-storage-'))

export const openStorage = (directory: string, files?: FileSystem): Promise<Storage> =>
  openNedbStorage({ directory, wire, logger: silentLogger, ...(files === undefined ? {} : { files }) })

/** Paths of an origin's segments, ascending. */
export async function segmentPaths(directory: string, origin: OriginId): Promise<readonly string[]> {
  const folder = join(directory, 'log', origin)
  const names = (await readdir(folder)).sort((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10))
  return names.map((name) => join(folder, name))
}

export async function flipByte(path: string, position: number): Promise<void> {
  const content = await readFile(path)
  content[position] = (content[position] ?? 0) ^ 1
  await writeFile(path, content)
}

export async function describeDirectory(directory: string): Promise<StorageUnderTest> {
  return {
    open: () => openStorage(directory),
    tearLast: async (origin) => {
      const path = (await segmentPaths(directory, origin)).at(-1) ?? ''
      const content = await readFile(path)
      const lastLine = content.subarray(0, -1).lastIndexOf('\n') + 1
      await truncate(path, Math.floor((lastLine + content.length) / 2))
    },
    damage: async (origin, sequence) => {
      for (const path of await segmentPaths(directory, origin)) {
        const { position, bytes } = holderOf(await readFile(path), sequence) ?? { position: 0, bytes: 0 }
        if (bytes > 0) await flipByte(path, position + bytes - 20)
      }
    },
    spoilNewestSnapshot: async () => {
      const generations = (await readdir(join(directory, 'snapshot'))).map(Number)
      await flipByte(join(directory, 'snapshot', String(Math.max(...generations)), 'chunks.db'), 30)
    },
    remove: () => rm(directory, { recursive: true }),
  }
}

const holderOf = (content: Buffer, sequence: Sequence) => scanSegment(content, 1, null).index.holder(sequence)
