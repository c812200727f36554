import { assert } from '../core/model/errors.ts'

export interface Identified {
  readonly _id: string
}

/** What the storage uses of one NeDB datastore, which is one file. Nothing of it is durable before an fsync. */
export interface Database<Document extends Identified> {
  /** One write, however many documents; their ids are new. */
  insert(documents: readonly Document[]): Promise<void>
  /** Each replaces the document of its id. */
  replace(documents: readonly Document[]): Promise<void>
  remove(ids: readonly string[]): Promise<void>
  find(ids: readonly string[]): Promise<readonly Document[]>
  /** From now on, what is written goes into this file, which is the datastore's own, opened by the caller. Writes come one after the other. */
  appendTo(file: Appendable): void
}

export interface Appendable {
  /** Writes the parts, which are ASCII, one after the other. */
  append(parts: readonly string[]): Promise<void>
}

/**
 * Opens, or creates, the NeDB datastore in the file `path`. NeDB reads the whole file, keeps its documents in memory and
 * writes the file anew (temporary file, fsync, rename). It would drop lines that it cannot read, up to a tenth of them and
 * without a word; here none may be broken: the callers have checked the file before.
 */
export async function openDatabase<Document extends Identified>(
  path: string,
  modes: { readonly fileMode: number; readonly dirMode: number },
): Promise<Database<Document>> {
  // Loaded when something is written: who only reads does without.
  const { default: Datastore } = await import('nedb-promises')
  const options = { filename: path, corruptAlertThreshold: 0, modes }
  const store = Datastore.create(options)
  await store.load()
  const persistence: unknown = Reflect.get(store, 'persistence')
  assert(typeof persistence === 'object' && persistence !== null, 'NeDB has a part that writes its file')
  /** What was appended and NeDB has not taken in: copying and indexing it would cost as much as writing it, and hardly ever is any of it changed. */
  const apart = new Map<string, Document>()
  let appended: Appendable | null = null
  const takeIn = async (): Promise<void> => {
    if (apart.size === 0) return
    const file = appended
    // It stands in the file already.
    appended = nowhere
    try {
      await store.insertMany([...apart.values()])
    } finally {
      appended = file
    }
    apart.clear()
  }
  return {
    insert: async (documents) => {
      if (documents.length === 0) return
      if (appended === null) await store.insertMany([...documents])
      else {
        await appended.append(documents.flatMap(lineParts))
        for (const document of documents) apart.set(document._id, document)
      }
    },
    replace: async (documents) => {
      if (documents.length > 0) await takeIn()
      for (const document of documents) await store.updateOne({ _id: document._id }, document)
    },
    remove: async (ids) => {
      if (ids.length === 0) return
      await takeIn()
      await store.deleteMany({ _id: { $in: [...ids] } }, { multi: true })
    },
    find: async (ids) => {
      const found = ids.flatMap((id) => apart.get(id) ?? [])
      const others = ids.filter((id) => !apart.has(id))
      return others.length === 0 ? found : [...found, ...(await store.find<Document>({ _id: { $in: others } }))]
    },
    // NeDB would open and close the file for each write. Its lines are the documents' JSON, but for dates and empty values, of
    // which ours have none.
    appendTo: (file) => {
      assert(Reflect.has(persistence, 'persistNewStateAsync'), 'NeDB writes what is new by a function of its own')
      appended = file
      Reflect.set(persistence, 'persistNewStateAsync', (documents: readonly object[]) =>
        documents.length === 0 ? Promise.resolve() : appended?.append(documents.flatMap(lineParts)),
      )
    },
  }
}

const nowhere: Appendable = { append: () => Promise.resolve() }

/**
 * A document's line, in parts. The text of a batch may be long, and is its last field: it is not copied into the line's text, and the
 * line's not into another one of all lines, because new memory for long texts costs more than all else about a write.
 */
const lineParts = (document: object): readonly string[] => {
  const { b } = document as { readonly b?: unknown }
  if (typeof b !== 'string') return [JSON.stringify(document), '\n']
  const head = JSON.stringify({ ...document, b: '' })
  assert(head.endsWith('"b":""}'), "a batch's text is the last field of its document")
  return [head.slice(0, -2), b, '"}\n']
}
