import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { formerPorts } from '../../replica/drivers/libp2p-addresses.ts'
import { checkListening, withFormerPorts } from '../../replica/drivers/listen-ports.ts'

const mention = (text: string): unknown => expect.stringContaining(text)
const peer = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'

/** Another program, and where it listens. */
const otherProgram = async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const address = other.address()
  return { other, taken: `/ip4/127.0.0.1/tcp/${typeof address === 'object' && address !== null ? address.port : 0}` }
}

describe('the port of the last run', () => {
  const addressesOf = (listen: readonly string[], former: readonly string[]): readonly string[] =>
    formerPorts(listen, former).map(({ address }) => address)

  test('is taken again where any port would do', () => {
    expect(addressesOf(['/ip4/127.0.0.1/tcp/0'], [`/ip4/127.0.0.1/tcp/4001/p2p/${peer}`])).toEqual([
      '/ip4/127.0.0.1/tcp/4001',
    ])
    expect(addressesOf(['/ip4/0.0.0.0/tcp/0'], [`/ip4/10.0.0.7/tcp/4001/p2p/${peer}`])).toEqual([
      '/ip4/0.0.0.0/tcp/4001',
    ])
  })

  test('does not replace a port that was asked for, nor one of another family or host', () => {
    expect(addressesOf(['/ip4/127.0.0.1/tcp/5000'], ['/ip4/127.0.0.1/tcp/4001'])).toEqual([])
    expect(addressesOf(['/ip6/::/tcp/0'], ['/ip4/127.0.0.1/tcp/4001'])).toEqual([])
    expect(addressesOf(['/ip4/10.0.0.7/tcp/0'], ['/ip4/127.0.0.1/tcp/4001'])).toEqual([])
  })

  test('is given to one address only', () => {
    const any = '/ip4/0.0.0.0/tcp/0'
    expect(addressesOf([any, any], ['/ip4/10.0.0.7/tcp/4001', '/ip4/127.0.0.1/tcp/4002'])).toEqual([
      '/ip4/0.0.0.0/tcp/4001',
      '/ip4/0.0.0.0/tcp/4002',
    ])
  })

  test('is let go when another program has it', async () => {
    const { other, taken } = await otherProgram()
    const former = [taken]
    expect(await withFormerPorts(['/ip4/127.0.0.1/tcp/0'], former)).toEqual(['/ip4/127.0.0.1/tcp/0'])
    await new Promise((resolve) => other.close(resolve))
    expect(await withFormerPorts(['/ip4/127.0.0.1/tcp/0'], former)).toEqual(former)
  })
})

test('where to listen can be tried before anything is made', async () => {
  const free = '/ip4/127.0.0.1/tcp/0'
  const { other, taken } = await otherProgram()
  await checkListening([free, '/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/0'])
  await expect(checkListening([free, taken])).rejects.toMatchObject({ code: 'PORT_IN_USE', message: mention(taken) })
  for (const bad of ['/ip4/203.0.113.9/tcp/0', 'nonsense', '/ip6/2001:db8::9/tcp/0'])
    await expect(checkListening([bad])).rejects.toMatchObject({ code: 'BAD_ADDRESS', message: mention(bad) })
  // As on a machine that has no IPv6.
  await checkListening([free, '/ip6/2001:db8::9/tcp/0'])
  await new Promise((resolve) => other.close(resolve))
  await checkListening([taken])
})
