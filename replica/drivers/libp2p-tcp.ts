import type { Listener, Transport } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Server, Socket } from 'node:net'

/**
 * libp2p's TCP, also for the addresses that a machine has on each network by itself (IPv6, fe80::1). They count together with an interface, which
 * libp2p leaves out when it dials; and it drops whoever comes from such an address.
 */
export const tcpOfAnyLink = (): ReturnType<typeof tcp> => {
  const create = tcp()
  return (components) => {
    const transport = create(components)
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    const anyLink: Pick<Transport, 'dial' | 'createListener'> = {
      dial: (address, options) => dial(address, Object.assign(options, hostOf(address))),
      createListener: (options) => withoutZones(createListener(options)),
    }
    return Object.assign(transport, anyLink)
  }
}

/** What goes before libp2p's own choice of a host. */
const hostOf = (address: Multiaddr): { readonly host?: string } => {
  const [zone, ip] = address.getComponents()
  return zone?.name === 'ip6zone' && ip?.value !== undefined ? { host: `${ip.value}%${zone.value ?? ''}` } : {}
}

/** libp2p's listener asks each socket where it comes from, and takes no interface for an answer. */
const withoutZones = (listener: Listener): Listener => {
  const { server } = listener as Listener & { readonly server: Server }
  server.prependListener('connection', (socket: Socket) => {
    const { remoteAddress } = socket
    if (remoteAddress?.includes('%') === true)
      Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress.split('%')[0] })
  })
  return listener
}
