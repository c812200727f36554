import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Clocks } from '../torture/clocks.ts'
import { Fleet } from '../torture/fleet.ts'
import { Machine } from '../torture/machine.ts'
import { NamespaceNetwork } from '../torture/namespaces.ts'
import { isRootOnLinux } from '../torture/system.ts'

const ends: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const end of ends.reverse()) await end()
})

const network = isRootOnLinux() ? await NamespaceNetwork.create([1, 2]).catch(() => null) : null
if (network !== null) ends.push(() => network.end())

describe('a machine that is started before its network is there', () => {
  test.skipIf(network === null)('is found by the clients of the others as soon as it has met them', async () => {
    if (network === null) return
    const directory = await mkdtemp(path.join(tmpdir(), 'quintet-cluster-'))
    ends.push(() => rm(directory, { recursive: true }))
    const clocks = await Clocks.create(directory)
    const crashes: string[] = []
    const machineOf = (server: number): Machine => {
      const onCrash = (sentence: string): number => crashes.push(sentence)
      const machine = new Machine({ server, directory, disk: null, clocks, network: () => network, onCrash })
      ends.push(() => machine.end())
      return machine
    }
    const [one, two] = [machineOf(1), machineOf(2)]
    const fleet = new Fleet([one, two])
    await one.start({ create: 'Late' })
    await fleet.letIn(two, one)
    expect(await fleet.agree(30_000)).toHaveProperty('tookMs')

    await two.stop()
    await network.cut(2)
    await two.start()
    await network.mend(2)
    expect(await fleet.agree(30_000)).toHaveProperty('tookMs')
    const client = one.client()
    ends.push(async () => {
      await client.close()
    })
    await expect
      .poll(() => client.ask('connect', { server: 2 }).then(() => 'there', String), { timeout: 10_000 })
      .toBe('there')
    expect(crashes).toEqual([])
  })
})
