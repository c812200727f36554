import { foldName } from '../core/model/fold-name.ts'
import { accountId, type AccountId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { fromBase64Url, sameBytes, toBase64Url } from '../wire/bytes.ts'
import { encodeCbor, readWhole, type CborReader } from '../wire/cbor.ts'
import type { ClientStore, StoreFolder } from './client-ports.ts'
import type { LockPrints } from './key-lock.ts'

/*
 * log-ins = [1, group id(16), [[account(32), [name, ...], generation, print of the password's lock(32), of the phrase's(32)], ...]], the last one first
 */
const formatVersion = 1
const folderName = 'log-ins'
const fileName = 'log-ins'
const groupBytes = 16
const idBytes = 32
const fields = 5
/** What an account was called here, as names are compared. */
const mostNames = 4
const nameChars = limits.nameChars * 2 + 8

export interface LogInHere extends LockPrints {
  readonly account: AccountId
  readonly names: readonly string[]
  /** Of the locks. */
  readonly generation: number
}

/**
 * Who has logged in on this machine, by which names, and what opened their keys when they were seen here last. All of that is known to the group; it is
 * not sealed, because it is needed before somebody logs in. What cannot be read or written is known as long as the client runs.
 */
export class LogInsHere {
  readonly #store: ClientStore | null
  readonly #groupId: () => Uint8Array
  #known: readonly LogInHere[] = []
  #written: Promise<unknown> = Promise.resolve()

  constructor(store: ClientStore | null, groupId: () => Uint8Array) {
    this.#store = store
    this.#groupId = groupId
  }

  /** Fulfilled when what other clients of this machine have noted is known, too. */
  async load(): Promise<void> {
    await this.#written
    await this.#inFolder(async (folder) => {
      this.#take(await this.#read(folder))
    })
  }

  /** Who has logged in by this name, the last one first. */
  named(name: string): readonly AccountId[] {
    const folded = foldName(name)
    return this.#known.filter(({ names }) => names.includes(folded)).map(({ account }) => account)
  }

  of(account: AccountId): LogInHere | null {
    return this.#known.find((one) => one.account === account) ?? null
  }

  /** By one more name, or with other locks. Fulfilled when it is durable, or cannot be made so. */
  note(account: AccountId, name: string | null, seen: Omit<LogInHere, 'account' | 'names'>): Promise<void> {
    const before = this.of(account)
    const names = [...new Set([...(name === null ? [] : [foldName(name)]), ...(before?.names ?? [])])]
    const entry: LogInHere = { account, names: names.slice(0, mostNames), ...seen }
    if (before !== null && isSame(before, entry) && this.#known[0] === before) return Promise.resolve()
    return this.#change(account, [entry])
  }

  forget(account: AccountId): Promise<void> {
    return this.#change(account, [])
  }

  #change(account: AccountId, inItsPlace: readonly LogInHere[]): Promise<void> {
    const change = (): void => {
      const others = this.#known.filter((one) => one.account !== account)
      this.#known = [...inItsPlace, ...others].slice(0, limits.rememberedLogIns)
    }
    change()
    const writing = this.#written.then(() =>
      this.#inFolder(async (folder) => {
        if (!folder.isWritable) return
        this.#take(await this.#read(folder))
        change()
        await folder.write(fileName, this.#encode())
      }),
    )
    this.#written = writing
    return writing
  }

  /** What stands in the file is as new as what is known here, unless that could not be written. */
  #take(read: readonly LogInHere[]): void {
    const newest = read.map((one) => {
      const known = this.of(one.account)
      return known !== null && known.generation > one.generation ? known : one
    })
    const others = this.#known.filter(({ account }) => read.every((one) => one.account !== account))
    this.#known = [...newest, ...others].slice(0, limits.rememberedLogIns)
  }

  async #inFolder(work: (folder: StoreFolder) => Promise<void>): Promise<void> {
    try {
      const folder = await this.#store?.open(folderName)
      if (folder === undefined) return
      await work(folder).finally(() => folder.close())
    } catch {
      // The disk fails: what is known is that of this run.
    }
  }

  async #read(folder: StoreFolder): Promise<readonly LogInHere[]> {
    const bytes = await folder.read(fileName)
    const read = bytes === null ? null : readWhole(bytes, readLogIns)
    return read?.ok === true && sameBytes(read.value.groupId, this.#groupId()) ? read.value.all : []
  }

  #encode(): Uint8Array {
    const all = this.#known.map(({ account, names, generation, password, phrase }) => [
      fromBase64Url(account),
      names,
      generation,
      fromBase64Url(password),
      fromBase64Url(phrase),
    ])
    return encodeCbor([formatVersion, this.#groupId(), all])
  }
}

const isSame = (one: LogInHere, other: LogInHere): boolean => JSON.stringify(one) === JSON.stringify(other)

const readLogIns = (reader: CborReader): { readonly groupId: Uint8Array; readonly all: readonly LogInHere[] } => {
  reader.tuple(3)
  // Another version's is passed over, and written anew.
  reader.uint(formatVersion)
  const groupId = reader.bytes(groupBytes)
  const all = Array.from({ length: reader.list(0, limits.rememberedLogIns, 'log-ins') }, () => {
    reader.tuple(fields)
    const account = accountId(toBase64Url(reader.bytes(idBytes)))
    const names = Array.from({ length: reader.list(0, mostNames, 'names') }, () => reader.text(nameChars, 'a name'))
    const generation = reader.uint()
    const [password, phrase] = [reader.bytes(idBytes), reader.bytes(idBytes)].map(toBase64Url)
    return { account, names, generation, password: password ?? '', phrase: phrase ?? '' }
  })
  return { groupId, all }
}
