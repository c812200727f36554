import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { QuintetError } from '../../replica/core/model/errors.ts'
import type { OriginId, Sequence } from '../../replica/core/model/ids.ts'
import type { Damage } from '../../replica/host/ports.ts'
import type { Promised } from '../crash-points/scenario.ts'
import { Scenario } from '../crash-points/scenario.ts'
import { openStorage } from './storage-files.ts'
import { range, wholeOf } from './storage-fixture.ts'

const pageBytes = 512

type Harm = (file: string, at: number) => Promise<void>

const change =
  (edit: (content: Buffer, at: number) => Buffer): Harm =>
  async (file, at) => {
    await writeFile(file, edit(await readFile(file), at))
  }

/** What disks do to files. `at` is where, from 0 to 1. */
const harms: Readonly<Record<string, Harm>> = {
  'a bit that flips': change((content, at) => {
    const place = Math.floor(at * (content.length - 1))
    content[place] = (content[place] ?? 0) ^ 4
    return content
  }),
  'a page of zeros': change((content, at) => {
    const place = Math.floor(at * Math.max(0, content.length - pageBytes))
    return content.fill(0, place, Math.min(content.length, place + pageBytes))
  }),
  'two pages that change places': change((content, at) => {
    const first = Math.floor(at * Math.max(0, content.length - 2 * pageBytes))
    const [one, other] = [first, first + pageBytes].map((place) =>
      Buffer.from(content.subarray(place, place + pageBytes)),
    )
    const rest = content.subarray(first + 2 * pageBytes)
    return Buffer.concat([content.subarray(0, first), other ?? [], one ?? [], rest].map((part) => Buffer.from(part)))
  }),
  'an end that is cut off': async (file, at) => truncate(file, Math.floor((await stat(file)).size * at)),
  'a file that is empty': async (file) => truncate(file, 0),
}

const places = [0.02, 0.35, 0.7, 0.98]

let whole = ''
let promised: Promised
const scenario = new Scenario()

beforeAll(async () => {
  whole = await mkdtemp(path.join(tmpdir(), 'quintet-damage-'))
  await scenario.run(
    () => openStorage(whole),
    'small',
    () => 0,
  )
  promised = scenario.promisedAt(0)
})
afterAll(async () => {
  await rm(whole, { recursive: true })
})

/** Every live update that must be held, by origin. */
const required = (origin: OriginId): readonly Sequence[] =>
  range(1, promised.acknowledged.get(origin) ?? 0).filter((sequence) => {
    const isOld = sequence <= (promised.floors.get(origin) ?? 0)
    return scenario.isLive(origin, sequence) || !isOld
  })

interface Look {
  readonly lost: readonly string[]
  readonly wrong: readonly string[]
  readonly snapshot: string | null
  readonly setting: unknown
}

/** Opens what is left, reads all that there should be, and sees what is neither there nor told. */
const lookAt = async (directory: string): Promise<Look> => {
  const storage = await openStorage(directory)
  const damage: Damage[] = []
  storage.onDamage((found) => damage.push(found))
  const found = await storage.recover()
  damage.push(...found.damage)
  const lost: string[] = []
  const wrong: string[] = []
  for (const [origin, log] of scenario.given) {
    const updates = await storage.readUpdates(origin, range(1, promised.acknowledged.get(origin) ?? 0))
    const held = new Set(updates.map(({ sequence }) => sequence))
    for (const { sequence, bytes } of updates)
      if (Buffer.compare(bytes, log.get(sequence)?.bytes ?? Buffer.alloc(0)) !== 0) wrong.push(`${origin}:${sequence}`)
    const covered = found.snapshot?.vector.get(origin) ?? 0
    const ofLog = damage.filter((one) => one.origin === origin)
    // How much more there was at the end, beyond the snapshot, nothing tells but the others.
    const isCut = (sequence: Sequence): boolean => sequence > covered && found.repairs.length + ofLog.length > 0
    const isTold = (sequence: Sequence): boolean =>
      isCut(sequence) || ofLog.some(({ first, last }) => first <= sequence && sequence <= last)
    for (const sequence of required(origin)) {
      if (!held.has(sequence) && !isTold(sequence)) lost.push(`${origin}:${sequence}`)
    }
  }
  const setting = await storage.readSetting('pauses').catch((error: unknown) => (error as QuintetError).code)
  await storage.close()
  return { lost, wrong, snapshot: wholeOf(found.snapshot)?.chunks[0] ?? null, setting }
}

const filesOf = async (directory: string): Promise<readonly string[]> => {
  const names = await readdir(directory, { recursive: true, withFileTypes: true })
  return names
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
}

const kept = (): readonly string[] => scenario.snapshots.slice(-2).flatMap(({ chunks }) => chunks[0] ?? [])

describe.each(Object.keys(harms))('%s', (name) => {
  test('in any file of a data directory is told or does no harm, and all else can be read', async () => {
    for (const file of await filesOf(whole)) {
      for (const at of places) {
        const copy = await mkdtemp(path.join(tmpdir(), 'quintet-damage-'))
        await cp(whole, copy, { recursive: true })
        await harms[name]?.(path.join(copy, file), at)
        const where = `${file} at ${at}`
        const { lost, wrong, snapshot, setting } = await lookAt(copy)
        expect({ where, lost, wrong }).toEqual({ where, lost: [], wrong: [] })
        expect(kept()).toContain(snapshot)
        if (!file.startsWith('snapshot')) expect(snapshot).toBe(kept().at(-1))
        const version = { version: promised.settings[0] }
        expect(file.startsWith('settings') ? ['DAMAGED', version] : [version]).toContainEqual(setting)
        await rm(copy, { recursive: true })
      }
    }
  })
})
