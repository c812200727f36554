import { decode, encode, AUTHORITATIVE_ANSWER, type Answer } from 'dns-packet'
import { createHash, randomBytes } from 'node:crypto'
import { limits } from '../core/model/limits.ts'

/** What members of a group say to each other in the local network (mDNS, RFC 6762, as libp2p's specification has it). */
export type LocalMessage = { readonly kind: 'question' } | LocalAnswer

interface LocalAnswer {
  readonly kind: 'answer'
  /** Multiaddrs with a peer id, as whoever sent it wrote them. */
  readonly addresses: readonly string[]
}

const prefix = 'dnsaddr='
/** A name in DNS may have 63 letters, and libp2p looks for no less. A new one for each run: nobody is to be followed by it. */
const instance = randomBytes(31).toString('hex')
const ttlSeconds = 120

/** The DNS-SD service of a group: its name may have 15 characters, and must not give the group's id away. */
export const serviceOf = (groupId: Uint8Array): string =>
  `_quintet-${createHash('sha256').update(groupId).digest('hex').slice(0, 7)}._udp.local`

/** Asks whoever belongs to `service`. */
export const encodeQuestion = (service: string): Uint8Array =>
  encode({ type: 'query', questions: [{ name: service, type: 'PTR' }] })

export const encodeAnswer = (service: string, addresses: readonly string[]): Uint8Array => {
  const name = `${instance}.${service}`
  const common = { class: 'IN', ttl: ttlSeconds } as const
  const answers: Answer[] = addresses
    .slice(0, limits.addressesPerPeer)
    // A string in DNS has a length of one byte.
    .filter((address) => Buffer.byteLength(prefix + address) <= 255)
    .map((address) => ({ ...common, type: 'TXT', name, data: prefix + address }))
  return encode({
    type: 'response',
    flags: AUTHORITATIVE_ANSWER,
    answers: [{ ...common, type: 'PTR', name: service, data: name }, ...answers],
  })
}

/** Null for what is not about `service`, or no DNS at all: every program on the network may say anything there. */
export const decodeLocal = (service: string, bytes: Uint8Array): LocalMessage | null => {
  try {
    const packet = decode(Buffer.from(bytes))
    if (packet.type === 'query') return packet.questions?.[0]?.name === service ? { kind: 'question' } : null
    const records = [...(packet.answers ?? []), ...(packet.additionals ?? [])]
    if (!records.some((record) => record.type === 'PTR' && record.name === service)) return null
    const texts = records.flatMap((record) => (record.type === 'TXT' ? [record.data].flat() : [])).map(String)
    const addresses = texts.filter((text) => text.startsWith(prefix)).map((text) => text.slice(prefix.length))
    return { kind: 'answer', addresses: addresses.slice(0, limits.addressesPerPeer) }
  } catch {
    return null
  }
}
