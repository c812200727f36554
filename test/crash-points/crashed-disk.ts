import fs from 'node:fs'
import path from 'node:path'
import type { Random } from '../simulation/random.ts'
import type { FileNumber, Operation } from './recorder.ts'
import { filesIn } from './recorder.ts'

/** What a crash leaves: everything (the process was killed), only what was made durable, or some of the rest, torn. */
export const fates = ['everything', 'what is durable', 'some of it'] as const
export type Fate = (typeof fates)[number]

/** A planted lie of the disk: the checks must find out. */
export const lies = ['fsync of files', 'fsync of directories'] as const
export type Lie = (typeof lies)[number]

type Edit = Buffer | { readonly truncate: number }

interface FileNode {
  readonly kind: 'file'
  durable: Buffer
  /** Since the last fsync. */
  pending: Edit[]
}

interface DirectoryNode {
  readonly kind: 'directory'
  readonly durable: Map<string, Node>
  readonly live: Map<string, Node>
}

type Node = FileNode | DirectoryNode
/** Names that change together, as those of a rename do. */
type Change = readonly (readonly [directory: DirectoryNode, name: string, node: Node | null])[]

const newDirectory = (): DirectoryNode => ({ kind: 'directory', durable: new Map(), live: new Map() })

/** A disk that knows what of it a crash may lose. */
export class CrashedDisk {
  readonly #root = newDirectory()
  readonly #files = new Map<FileNumber, FileNode>()
  readonly #lie: Lie | null
  /** What directories have not been told by an fsync to keep. */
  #pending: Change[] = []

  /** As it is in `root` now, all of it durable. */
  constructor(root: string, lie: Lie | null) {
    this.#lie = lie
    for (const place of fs.readdirSync(root, { recursive: true, encoding: 'utf8' }))
      if (fs.statSync(path.join(root, place)).isDirectory()) this.#present(place)
    for (const [place, file] of filesIn(root)) {
      const node: FileNode = { kind: 'file', durable: fs.readFileSync(path.join(root, place)), pending: [] }
      this.#files.set(file, node)
      this.#present(path.dirname(place)).set(path.basename(place), node)
    }
    settle(this.#root)
  }

  apply(operation: Operation): void {
    switch (operation.kind) {
      case 'makeDirectory':
        return this.#change(operation.path, newDirectory())
      case 'create': {
        const node: FileNode = { kind: 'file', durable: Buffer.alloc(0), pending: [] }
        this.#files.set(operation.file, node)
        return this.#change(operation.path, node)
      }
      case 'write':
        this.#file(operation.file).pending.push(operation.data)
        return
      case 'truncate':
        this.#file(operation.file).pending.push({ truncate: operation.bytes })
        return
      case 'sync':
        if (this.#lie !== 'fsync of files') syncFile(this.#file(operation.file))
        return
      case 'syncWrite': {
        const file = this.#file(operation.file)
        if (this.#lie === null && file.pending.length > 1)
          throw new Error('what stands before a durable write is not durable itself')
        if (this.#lie !== 'fsync of files') syncFile(file)
        return
      }
      case 'syncDirectory':
        if (this.#lie !== 'fsync of directories') this.#syncDirectory(this.#directory(operation.path))
        return
      case 'rename': {
        const { from, to } = operation
        const [source, target] = [this.#directory(path.dirname(from)), this.#directory(path.dirname(to))]
        const node = source.live.get(path.basename(from))
        if (node === undefined) throw new Error(`${from} is renamed, which is not there`)
        return this.#changeEntries([
          [source, path.basename(from), null],
          [target, path.basename(to), node],
        ])
      }
      case 'remove':
        return this.#change(operation.path, null)
    }
  }

  /** Writes what a crash leaves into the empty directory `target`. `cut`: what is under way, of which any part may be there. */
  materialize(target: string, fate: Fate, random: Random, cut: Operation | null): void {
    const under = cut?.kind === 'write' ? { node: this.#file(cut.file), data: cut.data } : null
    const kept = fate === 'some of it' ? someOf(this.#pending, random) : []
    const put = (node: Node, place: string): void => {
      if (node.kind === 'file') {
        const edits = under?.node === node ? [...node.pending, under.data] : node.pending
        const isCut = under?.node === node
        fs.writeFileSync(place, contentOf(node.durable, edits, isCut ? 'last under way' : 'all ended', fate, random))
        return
      }
      fs.mkdirSync(place, { recursive: true })
      const entries = fate === 'everything' ? node.live : new Map(node.durable)
      if (fate !== 'everything') for (const change of kept) putIn(node, entries, change)
      for (const [name, entry] of entries) put(entry, path.join(place, name))
    }
    put(this.#root, target)
  }

  #change(place: string, node: Node | null): void {
    this.#changeEntries([[this.#directory(path.dirname(place)), path.basename(place), node]])
  }

  #changeEntries(change: Change): void {
    for (const [directory] of change) putIn(directory, directory.live, change)
    this.#pending.push(change)
  }

  /** What changed in another directory by the same rename is durable with it. */
  #syncDirectory(synced: DirectoryNode): void {
    const isOf = (change: Change): boolean => change.some(([directory]) => directory === synced)
    for (const change of this.#pending.filter(isOf))
      for (const [directory] of change) putIn(directory, directory.durable, change)
    this.#pending = this.#pending.filter((change) => !isOf(change))
  }

  #file(file: FileNumber): FileNode {
    const node = this.#files.get(file)
    if (node === undefined) throw new Error(`there is no file ${file}`)
    return node
  }

  #directory(place: string): DirectoryNode {
    let node: Node = this.#root
    for (const name of namesOf(place)) {
      const next: Node | undefined = node.live.get(name)
      if (next?.kind !== 'directory') throw new Error(`there is no directory ${place}`)
      node = next
    }
    return node
  }

  /** The live entries of a directory of the beginning, made if it is not there. */
  #present(place: string): Map<string, Node> {
    let node = this.#root
    for (const name of namesOf(place)) {
      const known = node.live.get(name)
      const next = known?.kind === 'directory' ? known : newDirectory()
      node.live.set(name, next)
      node = next
    }
    return node.live
  }
}

const namesOf = (place: string): readonly string[] => (place === '.' || place === '' ? [] : place.split(path.sep))

/** Everything below is durable as it is. */
const settle = (directory: DirectoryNode): void => {
  for (const [name, node] of directory.live) {
    directory.durable.set(name, node)
    if (node.kind === 'directory') settle(node)
  }
}

const syncFile = (file: FileNode): void => {
  file.durable = file.pending.reduce(edited, file.durable)
  file.pending = []
}

/** Changes of one name reach the disk in their order; those of others need not have. */
const someOf = (pending: readonly Change[], random: Random): readonly Change[] => {
  const dropped = new Map<DirectoryNode, Set<string>>()
  return pending.filter((change) => {
    const isOpen = change.every(([directory, name]) => dropped.get(directory)?.has(name) !== true)
    if (random.chance(0.6) && isOpen) return true
    for (const [directory, name] of change) dropped.set(directory, (dropped.get(directory) ?? new Set()).add(name))
    return false
  })
}

const contentOf = (
  durable: Buffer,
  edits: readonly Edit[],
  state: 'all ended' | 'last under way',
  fate: Fate,
  random: Random,
): Buffer => {
  if (fate === 'what is durable') return durable
  const last = edits.at(-1)
  if (fate === 'everything') {
    if (state === 'all ended' || !Buffer.isBuffer(last)) return edits.reduce(edited, durable)
    return [...edits.slice(0, -1), last.subarray(0, last.length >> 1)].reduce(edited, durable)
  }
  const kept = edits.slice(0, random.int(0, edits.length))
  const end = kept.at(-1)
  if (!Buffer.isBuffer(end)) return kept.reduce(edited, durable)
  const torn = end.subarray(0, random.int(0, end.length))
  // The length may reach the disk before what stands there.
  const zeros = random.chance(0.2) ? Buffer.alloc(end.length - torn.length) : Buffer.alloc(0)
  return [...kept.slice(0, -1), torn, zeros].reduce(edited, durable)
}

/** Of a change what is in this directory. */
const putIn = (of: DirectoryNode, entries: Map<string, Node>, change: Change): void => {
  for (const [directory, name, node] of change) {
    if (directory !== of) continue
    if (node === null) entries.delete(name)
    else entries.set(name, node)
  }
}

const edited = (content: Buffer, edit: Edit): Buffer =>
  Buffer.isBuffer(edit) ? Buffer.concat([content, edit]) : content.subarray(0, edit.truncate)
