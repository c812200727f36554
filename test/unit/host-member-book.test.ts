import { expect, test } from 'vitest'
import { peerId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { PeerLink } from '../../replica/host/ports.ts'
import { MemberBook } from '../../replica/host/member-book.ts'
import { peerIdOf } from '../../replica/wire/keys.ts'

type BookOptions = ConstructorParameters<typeof MemberBook>[0]

const other = peerId(peerIdOf(new Uint8Array(32).fill(1)))
const kept = { [other]: ['/ip4/127.0.0.1/tcp/4001'] }

/** A book on settings in memory, and what it gave the transport to keep connected. */
const makeBook = (links: readonly PeerLink[] = [], invitedBy: BookOptions['invitedBy'] = new Map()) => {
  let setting: unknown = kept
  const failure: { of: Error | null } = { of: null }
  const dialled: ReadonlyMap<string, readonly string[]>[] = []
  const options = {
    invitedBy,
    storage: {
      readSetting: () => Promise.resolve(setting),
      writeSetting: (_name: string, value: unknown) => {
        if (failure.of !== null) return Promise.reject(failure.of)
        setting = value
        return Promise.resolve()
      },
    },
    transport: {
      self: peerId(peerIdOf(new Uint8Array(32).fill(2))),
      links: () => links,
      listenAddresses: () => [],
      remember: (members: ReadonlyMap<string, readonly string[]>) => dialled.push(members),
    },
    logger: { warn: () => undefined },
  } as unknown as BookOptions
  const keep = (value: unknown): void => {
    setting = value
  }
  return { book: new MemberBook(options), dialled, setting: () => setting, keep, failure }
}

test('members that are told before the kept addresses are read do not take their place', async () => {
  const { book, dialled, setting } = makeBook()
  // A successor takes its seat, and knows nobody, before it starts.
  book.setMembers(new Map(), new Map())
  await Promise.resolve()
  await book.load()
  expect(setting()).toEqual(kept)
  expect(book.known().get(other)).toEqual(kept[other])
  book.setMembers(new Map([[other, []]]), new Map())
  expect(dialled.at(-1)?.get(other)).toEqual(kept[other])
})

test('where an invite says that a member is stands beside where it was last seen, however many places those are', async () => {
  const invited = '/ip4/127.0.0.1/tcp/4003'
  const { book } = makeBook([], new Map([[other, [invited]]]))
  await book.load()
  expect(book.known().get(other)).toEqual(['/ip4/127.0.0.1/tcp/4001', invited])
  const many = Array.from({ length: limits.addressesPerPeer }, (_, index) => `/ip4/127.0.0.1/tcp/${5000 + index}`)
  const full = makeBook([], new Map([[other, [invited]]]))
  full.keep({ [other]: many })
  await full.book.load()
  expect(full.book.known().get(other)).toEqual([...many.slice(0, -1), invited])
})

test('who is connected stands in the book from when it is a member', async () => {
  const [here, guest] = [3, 4].map((byte) => peerId(peerIdOf(new Uint8Array(32).fill(byte))))
  if (here === undefined || guest === undefined) throw new Error('two peers')
  const links = [here, guest].map((peer) => ({ peer, addresses: ['/ip4/127.0.0.1/tcp/4002'], lagMs: null }))
  const { book, setting } = makeBook(links)
  await book.load()
  expect([...book.noteLinks().keys()]).toEqual([])
  book.setMembers(new Map([[here, []]]), new Map())
  expect([...book.noteLinks().keys()]).toEqual([here])
  await expect.poll(setting).toEqual({ ...kept, [here]: ['/ip4/127.0.0.1/tcp/4002'] })
})

test('addresses that could not be kept are kept when there is room again', async () => {
  const here = peerId(peerIdOf(new Uint8Array(32).fill(3)))
  const { book, setting, failure } = makeBook()
  await book.load()
  failure.of = new Error('no room')
  const places = ['/ip4/127.0.0.1/tcp/4002']
  book.setMembers(new Map([[here, places]]), new Map())
  await expect.poll(setting).toEqual(kept)
  failure.of = null
  await Promise.resolve()
  book.noteLinks()
  await expect.poll(setting).toEqual({ ...kept, [here]: places })
})
