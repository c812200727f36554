import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { mailNamed, noise, numbered, sendMany, subjectsOf, useCluster } from '../support/cluster.ts'

const cluster = useCluster()

describe('disk use', () => {
  test('deleted mail leaves every disk once all servers have it', async () => {
    const group = await cluster.group([1, 2, 3])
    const ada = await group.person('ada', 1)
    const empty = await group.settled()
    const mails = await sendMany(ada, 'ada', 1_500, 'to go', noise(3_000))
    const full = await group.settled()
    for (const [index, { diskBytes }] of full.entries()) {
      expect(diskBytes - (empty[index]?.diskBytes ?? 0)).toBeGreaterThan(1_500 * 3_000)
    }
    await group.kill(3)
    await Promise.all(mails.slice(5).map((mail) => ada.ask('delete', { mail })))
    await group.restart(3)
    await group.settled()
    for (const server of [1, 2, 3]) {
      await expect
        .poll(async () => (await group.status(server)).diskBytes, { timeout: 60_000, interval: 200 })
        .toBeLessThan((full[0]?.diskBytes ?? 0) / 4)
    }
    expect(await subjectsOf(ada, 'inbox')).toEqual(numbered('to go', 5).toReversed())
    await group.kill(1, 2, 3)
    await group.restart(1, 2, 3)
    await group.settled()
    expect(await subjectsOf(ada, 'inbox')).toEqual(numbered('to go', 5).toReversed())
  })
})

describe('a damaged disk', () => {
  test('mails in a damaged segment are read again, fetched from another server', async () => {
    const group = await cluster.group([1, 2])
    const ada = await group.person('ada', 1)
    const body = noise(90_000)
    const atTwo = await group.person('ben', 2)
    await group.settled()
    await sendMany(ada, 'ben', 60, 'large', body)
    await group.settled()
    await group.replica(2).stop()

    const { origin } = await group.replica(1).ready()
    const folder = path.join(group.dataOf(2), 'log', origin)
    const segments = (await readdir(folder)).filter((name) => name.endsWith('.db')).sort(byFirstSequence)
    expect(segments.length).toBeGreaterThan(1)
    await flipBytes(path.join(folder, segments[0] ?? ''))

    await group.restart(2)
    const isBack = (): true | null => (atTwo.events('connected').at(-1)?.['server'] === 2 ? true : null)
    await atTwo.process.until(isBack, 30_000, 'the client is back at its own server')
    const mail = await mailNamed(ada, 'sent', 'large 3')
    await expect
      .poll(
        () =>
          atTwo
            .ask('read', { mail })
            .then((read) => read.body === body)
            .catch(() => false),
        { timeout: 30_000 },
      )
      .toBe(true)
    for (const subject of numbered('large', 60)) {
      const id = await mailNamed(ada, 'sent', subject)
      await expect
        .poll(
          () =>
            atTwo
              .ask('read', { mail: id })
              .then((read) => read.body === body)
              .catch(() => false),
          {
            timeout: 30_000,
          },
        )
        .toBe(true)
    }
    await group.settled()
    // Repaired for good: alone, after another start.
    await group.kill(1, 2)
    await group.restart(2)
    expect((await atTwo.ask('read', { mail })).body).toBe(body)
  })

  test('a mail that only it had, and nobody can read any more, is said to be safe nowhere', async () => {
    const group = await cluster.group([1, 2])
    const ada = await group.person('ada', 1)
    await group.settled()
    await group.replica(2).stop()
    const mails = await sendMany(ada, 'ada', 60, 'large', noise(90_000))
    const { origin } = await group.replica(1).ready()
    await group.replica(1).stop()
    const folder = path.join(group.dataOf(1), 'log', origin)
    const [first = ''] = (await readdir(folder)).filter((name) => name.endsWith('.db')).sort(byFirstSequence)
    await flipBytes(path.join(folder, first))
    await group.restart(1)

    const unreadable = async (): Promise<readonly string[]> => {
      const answers = await Promise.allSettled(mails.map((mail) => ada.ask('read', { mail })))
      return mails.filter((_, index) => answers[index]?.status === 'rejected')
    }
    const safety = (of: readonly string[]) =>
      Promise.all(of.map(async (mail) => (await ada.ask('safety', { mail })).servers))
    const lost = await unreadable()
    expect(lost.length).toBeGreaterThan(0)
    expect(lost.length).toBeLessThan(mails.length)
    await expect.poll(() => safety(lost), { timeout: 30_000 }).toEqual(lost.map(() => []))
    await group.restart(2)
    await group.settled()
    const others = mails.filter((mail) => !lost.includes(mail))
    await expect.poll(() => safety(others), { timeout: 30_000 }).toEqual(others.map(() => [1, 2]))
    await expect.poll(() => safety(lost), { timeout: 30_000 }).toEqual(lost.map(() => []))
    expect(await unreadable()).toEqual(lost)
  })
})

const byFirstSequence = (left: string, right: string): number => Number.parseInt(left, 10) - Number.parseInt(right, 10)

/** One byte in every 20,000, inside the records. */
const flipBytes = async (file: string): Promise<void> => {
  const bytes = await readFile(file)
  for (let at = 10_000; at < bytes.length; at += 20_000) bytes[at] = bytes[at] === 65 ? 66 : 65
  await writeFile(file, bytes)
}
