import { QuintetError, reasonOf } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import type { PeerId } from '../core/model/ids.ts'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { networkInterfaces } from 'node:os'

const wildcards = new Set(['0.0.0.0', '::'])

interface TcpAddress {
  /** `ip4`, `ip6`, `dns`, `dns4` or `dns6`. */
  readonly family: string
  readonly host: string
  readonly port: string
  readonly peer: string | null
  /** Of an address that counts on one network only (fe80::1): the interface of this machine that leads there. */
  readonly zone?: string
}

const hostFamilies = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6'])

/** A plain TCP address, with or without a peer id behind it; null for anything else. */
const readTcp = (address: Multiaddr): TcpAddress | null => {
  const parts = address.getComponents()
  const zone = parts[0]?.name === 'ip6zone' ? parts.shift()?.value : undefined
  const [host, tcp, peer, ...rest] = parts
  if (host?.value === undefined || !hostFamilies.has(host.name) || rest.length > 0) return null
  if (tcp?.name !== 'tcp' || tcp.value === undefined) return null
  if (peer !== undefined && peer.name !== 'p2p') return null
  const found = { family: host.name, host: host.value, port: tcp.value, peer: peer?.value ?? null }
  return zone === undefined ? found : { ...found, zone }
}

const parseTcp = (text: string): TcpAddress | null => {
  if (text.length > limits.addressChars) return null
  try {
    return readTcp(multiaddr(text))
  } catch {
    return null
  }
}

const format = ({ family, host, port, zone }: TcpAddress): string =>
  `${zone === undefined ? '' : `/ip6zone/${zone}`}/${family}/${host}/tcp/${port}`

/** Addresses to dial, without their peer ids: who answers is checked after the handshake. Unusable ones are left out. */
export const dialable = (peer: PeerId, addresses: readonly string[]): readonly string[] => {
  const usable = addresses
    .map(parseTcp)
    .filter((address) => address !== null)
    .filter((address) => (address.peer === null || address.peer === peer) && address.port !== '0')
    .filter((address) => !wildcards.has(address.host))
    .map(format)
  return [...new Set(usable)].slice(0, limits.addressesPerPeer)
}

/** Adds the peer id, so that an address says who should answer. */
export const withPeer = (address: string, peer: PeerId): string => `${address}/p2p/${peer}`

/**
 * `own`, as libp2p says where it listens, with the addresses (169.254.0.1) that machines give themselves where nobody else does, as with a cable between
 * two: libp2p leaves them out.
 */
export const withLinkLocal = (
  own: readonly string[],
  listen: readonly string[],
  machine: readonly string[] = machineIp4(),
): readonly string[] => {
  if (!listen.some((address) => address.startsWith('/ip4/0.0.0.0/'))) return own
  const here = '/ip4/127.0.0.1/'
  const ports = own.filter((address) => address.startsWith(here)).map((address) => address.slice(here.length))
  const given = machine.filter((address) => address.startsWith('169.254.'))
  return [...own, ...given.flatMap((address) => ports.map((port) => `/ip4/${address}/${port}`))]
}

const machineIp4 = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((found) => (found ?? []).map(({ address }) => address))

export interface ListenPlace {
  /** As that of `TcpAddress`. */
  readonly family: string
  readonly host: string
  readonly port: number
}

/** Refuses, with BAD_ADDRESS, what cannot be listened on. */
export const listenPlace = (text: string): ListenPlace => {
  const address = parseTcp(text)
  if (address?.peer === null && address.zone === undefined) {
    const { family, host, port } = address
    return { family, host, port: Number(port) }
  }
  throw new QuintetError('BAD_ADDRESS', `${text} is not an address to listen on, write for example /ip4/0.0.0.0/tcp/0.`)
}

/**
 * `listen`, where an address leaves the port open with the port that `former` addresses had there; its `index` is that in
 * `listen`. Each former port is given once.
 */
export const formerPorts = (listen: readonly string[], former: readonly string[]): readonly FormerPort[] => {
  const given = new Set<string>()
  const had = former.map(parseTcp).filter((address) => address !== null)
  return listen.flatMap((text, index) => {
    const address = parseTcp(text)
    if (address?.port !== '0') return []
    const isSameHost = ({ host }: TcpAddress): boolean => wildcards.has(address.host) || host === address.host
    const found = had.find((one) => one.family === address.family && isSameHost(one) && !given.has(one.port))
    if (found === undefined) return []
    given.add(found.port)
    return [{ index, host: address.host, port: Number(found.port), address: format({ ...address, port: found.port }) }]
  })
}

export interface FormerPort {
  readonly index: number
  readonly host: string
  readonly port: number
  readonly address: string
}

/** Of no use to other machines, nor here after the network has changed. */
const isOfOneLink = (host: string): boolean => host.toLowerCase().startsWith('fe80')

const isLoopback = (host: string): boolean => host.startsWith('127.') || host === '::1'

const roomForSeen = 2

/** A port of IPv4 is another than that of IPv6, unless people have chosen both. */
const isOtherThan = ({ family }: TcpAddress, other: string): boolean =>
  family !== other && family.startsWith('ip') && other.startsWith('ip')

/**
 * Where a peer can be dialled again: what it announces, and its announced ports at the address that it was seen at. The port
 * that an inbound connection came from is never among them. Loopback only counts when the peer was seen there.
 */
export const reachableAt = (
  from: Multiaddr,
  direction: 'inbound' | 'outbound',
  announced: readonly Multiaddr[],
): readonly string[] => {
  const observed = readTcp(from)
  const listens = announced
    .map(readTcp)
    .filter((address) => address !== null)
    .filter(({ port }) => port !== '0')
  const found: TcpAddress[] = []
  const isKept = observed !== null && !isOfOneLink(observed.host)
  if (isKept && direction === 'outbound') found.push(observed)
  for (const address of listens) {
    if (wildcards.has(address.host)) continue
    if (isOfOneLink(address.host)) continue
    if (isLoopback(address.host) && observed !== null && !isLoopback(observed.host)) continue
    found.push(address)
  }
  const here = !isKept
    ? []
    : listens.filter(({ family }) => !isOtherThan(observed, family)).map(({ port }) => ({ ...observed, port }))
  const seen = [...new Set(here.map(format))]
  // A machine with many networks must leave room for the one that it was seen on.
  const others = [...new Set(found.map(format))].slice(0, limits.addressesPerPeer - Math.min(seen.length, roomForSeen))
  return [...new Set([...others, ...seen])].slice(0, limits.addressesPerPeer)
}

/**
 * Where to dial who announces itself in the local network: first its ports at the address that the announcement came from, because that is on
 * a network which both are on; a machine may have others, and know itself by none of them.
 */
export const heardAt = (from: string, announced: readonly string[]): readonly string[] => {
  const [host = '', zone] = from.split('%')
  const family = host.includes(':') ? 'ip6' : 'ip4'
  const listens = announced.map(parseTcp).filter((address) => address !== null)
  const here = listens
    .filter((address) => address.family === family)
    .map(({ port }) => ({ family, host, port, peer: null, ...(zone === undefined ? {} : { zone }) }))
  const others = listens.filter(
    (address) => !isOfOneLink(address.host) && (!isLoopback(address.host) || isLoopback(host)),
  )
  return [...new Set([...here, ...others].map(format))].slice(0, limits.addressesPerPeer)
}

/** The error to report when libp2p could not listen: PORT_IN_USE or BAD_ADDRESS, naming the address. */
export const listenFailure = (error: unknown, addresses: readonly string[]): Error => {
  const text = reasonOf(error)
  const spots = addresses.map((address) => ({ address, at: text.indexOf(`${address}: `) })).filter(({ at }) => at >= 0)
  const reasonAt = text.search(/EADDRINUSE|EADDRNOTAVAIL|EACCES|ENOTFOUND|EINVAL/)
  const named = spots.filter(({ at }) => at < reasonAt).sort((left, right) => right.at - left.at)[0]
  const address = named?.address ?? addresses.join(', ')
  if (text.includes('EADDRINUSE')) {
    return new QuintetError(
      'PORT_IN_USE',
      `Another program listens on ${address} already; choose another port, or 0 for any.`,
    )
  }
  if (text.includes('EACCES')) {
    return new QuintetError('BAD_ADDRESS', `Listening on ${address} is not allowed; choose a port above 1023.`)
  }
  if (reasonAt >= 0 || text.includes('listen')) {
    return new QuintetError('BAD_ADDRESS', `This machine cannot listen on ${address}: it does not have that address.`)
  }
  return error instanceof Error ? error : new Error(text)
}
