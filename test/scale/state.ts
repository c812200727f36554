import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parseArgs } from 'node:util'
import type { AccountId, Hash, OriginId } from '../../replica/core/model/ids.ts'
import { accountId, commandId, hash, peerId, serverId } from '../../replica/core/model/ids.ts'
import type { Batch, Update } from '../../replica/core/model/updates.ts'
import { ReplicaCore } from '../../replica/core/replica-core.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { decodeImage } from '../../replica/wire/image-decode.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { originOf, peerIdOf } from '../../replica/wire/keys.ts'
import { Random } from '../simulation/random.ts'

const usage = `A state with many mails, made through the core: what it takes.
  --mails N      (default 1000000)
  --origins N    installs that wrote them (default 5)
  --people N     who wrote and read them (default 5)
  --seed N       (default 1)`

const { values } = parseArgs({
  options: {
    mails: { type: 'string', default: '1000000' },
    origins: { type: 'string', default: '5' },
    people: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})
const mails = Number(values.mails)
const writers = Number(values.origins)
const people = Number(values.people)
if (values.help || [mails, writers, people].some((value) => !Number.isSafeInteger(value) || value < 1)) {
  console.error(usage)
  process.exit(values.help ? 0 : 2)
}

const beganMicros = 1_700_000_000_000_000
const keyBytes = 32
const batchMails = 256
const forgetEvery = 40
const microsPerMs = 1_000
const microsPerSecond = 1_000_000
const megabyte = 1_000_000
/** A person's sealed keys and the like are small beside the mails. */
const noBytes = new Uint8Array(0)
/** Of a batch the state keeps the signature at its end. */
const signature = new Uint8Array(64)

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const random = new Random(Number(values.seed))

/** Of this process, after all garbage has been collected. */
const memory = (): number => {
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

interface Timed<Value> {
  readonly value: Value
  readonly ms: number
}

const timed = <Value>(run: () => Value): Timed<Value> => {
  const before = process.cpuUsage()
  const value = run()
  const { user, system } = process.cpuUsage(before)
  return { value, ms: (user + system) / microsPerMs }
}

const text = (bytes: number): string => Buffer.from(random.bytes(bytes)).toString('base64url')
const accounts: readonly AccountId[] = Array.from({ length: people }, () => accountId(text(keyBytes)))
const origins: readonly OriginId[] = Array.from({ length: writers }, (_, index) =>
  originOf(serverId(index + 1), peerIdOf(random.bytes(keyBytes))),
)

/** Mails from somebody to somebody else, as they come in: batch after batch, of one install after the other. */
const fill = (state: GroupState): void => {
  let clock = beganMicros
  let hashed: Hash = hash('')
  let left = mails
  for (let round = 0; left > 0; round += 1) {
    const origin = origins[round % writers]
    if (origin === undefined) break
    const first = state.held(origin) + 1
    const count = Math.min(batchMails, left)
    const updates: Update[] = []
    for (let index = 0; index < count; index += 1) {
      clock += random.int(1, microsPerSecond)
      updates.push(mailOf(origin, first + index, clock))
    }
    const previousHash = hashed
    hashed = hash(text(keyBytes))
    const batch: Batch = {
      origin,
      first,
      last: first + count - 1,
      previousHash,
      lastHash: hashed,
      updates,
      bytes: signature,
    }
    state.applyBatch(batch)
    left -= count
    // As replicas that hold the same do from time to time.
    if (round % forgetEvery === 0) state.forgetCommands(state.vector)
  }
  state.forgetCommands(state.vector)
}

const mailOf = (origin: OriginId, sequence: number, clock: number): Update => {
  const account = random.pick(accounts) ?? accountId('')
  const to = random.pick(accounts) ?? account
  const command = commandId(text(12))
  const change = { kind: 'mail', account, command, to: [to], conversation: null } as const
  return { origin, sequence, clock, change, bytes: noBytes }
}

const empty = memory()
const filling = new GroupState()
const filled = timed(() => fill(filling))
const held = memory() - empty
const image = timed(() => filling.image())
const chunks = timed(() => encodeImage(image.value))
const imageBytes = chunks.value.reduce((sum, chunk) => sum + chunk.length, 0)
const { rss: encodingRss } = process.memoryUsage()
const decoded = timed(() => decodeImage(chunks.value))
if (!decoded.value.ok) throw new Error(decoded.value.failure.message)
const found = decoded.value.value
const identity = { origin: origins[0] ?? originOf(serverId(1), peerId('')), server: serverId(1) }
const started = timed(
  () =>
    new ReplicaCore(
      { ...identity, peer: peerId('peer'), admission: null, vouchers: [] },
      {
        makeBatch: () => Promise.reject(new Error('nothing is written here')) as never,
        firstHash: () => hash(''),
        originOf,
      },
      { image: found, suffix: [], highest: found.vector },
    ),
)
const core = started.value
const beforeBox = memory()
const box = timed(() => core.state.mails.mailbox(accounts[0] ?? accountId('')).inbox.page(50, null))
const boxBytes = memory() - beforeBox
const live = timed(() => core.state.live.sequences())
const digest = timed(() => core.state.digest())

const rows: readonly (readonly [string, string])[] = [
  ['mails', String(core.state.mails.size)],
  ['taken in, us a mail', ((filled.ms * microsPerMs) / mails).toFixed(2)],
  ['memory of the state, MB', (held / megabyte).toFixed(1)],
  ['  bytes a mail', (held / mails).toFixed(1)],
  ['image made, ms', image.ms.toFixed(0)],
  ['image encoded, s', (chunks.ms / microsPerMs).toFixed(2)],
  ['image, MB', (imageBytes / megabyte).toFixed(1)],
  ['  bytes a mail', (imageBytes / mails).toFixed(2)],
  ['  chunks', String(chunks.value.length)],
  ['process with state and image, MB', (encodingRss / megabyte).toFixed(0)],
  ['image decoded, s', (decoded.ms / microsPerMs).toFixed(2)],
  ['core started with it, ms', started.ms.toFixed(0)],
  ["a person's folders opened, ms", box.ms.toFixed(0)],
  ['  mails in the inbox', String(core.state.mails.mailbox(accounts[0] ?? accountId('')).inbox.size)],
  ['  memory of the folders, MB', (boxBytes / megabyte).toFixed(1)],
  ['live updates listed, ms', live.ms.toFixed(0)],
  ['digest, s', (digest.ms / microsPerMs).toFixed(2)],
  ['largest process, MB', (process.resourceUsage().maxRSS / 1_000).toFixed(0)],
]
for (const [name, value] of rows) console.log(`${name.padEnd(36)}${value.padStart(12)}`)
