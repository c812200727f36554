import { createServer } from 'node:net'
import { formerPorts, listenFailure, listenPlace } from './libp2p-addresses.ts'

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

/** Tries to listen at each, and stops again. BAD_ADDRESS, PORT_IN_USE. */
export const checkListening = async (listen: readonly string[]): Promise<void> => {
  const places = listen.map((address) => ({ address, ...listenPlace(address) }))
  const hasOther = places.some(({ family }) => family !== 'ip6')
  for (const { address, family, host, port } of places) {
    const hindrance = await hindranceAt(host, port)
    // A machine that has no IPv6 listens at the others.
    const mayBeWithout = family === 'ip6' && hasOther && hindrance?.code !== 'EADDRINUSE'
    if (hindrance !== null && !mayBeWithout) throw listenFailure(hindrance, [address])
  }
}

const isFree = async (host: string, port: number): Promise<boolean> => (await hindranceAt(host, port)) === null

const hindranceAt = (host: string, port: number): Promise<NodeJS.ErrnoException | null> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', resolve)
    probe.listen({ host, port, exclusive: true }, () => {
      probe.close(() => {
        resolve(null)
      })
    })
  })
