import { createServer } from 'node:net'
import { formerPorts } from './libp2p-addresses.ts'

/**
 * `listen`, with "any port" made the port of the last run where that is still free: others find this machine where they
 * remember it, even when all of them were off at once and so nobody can tell anybody a new address.
 */
export const withFormerPorts = async (
  listen: readonly string[],
  former: readonly string[],
): Promise<readonly string[]> => {
  const addresses = [...listen]
  for (const { index, host, port, address } of formerPorts(listen, former))
    if (await isFree(host, port)) addresses[index] = address
  return addresses
}

const isFree = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => {
      resolve(false)
    })
    probe.listen({ host, port, exclusive: true }, () => {
      probe.close(() => {
        resolve(true)
      })
    })
  })
