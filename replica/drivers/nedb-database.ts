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
  /** From now on, what is written goes into this file, which is the datastore's own, opened by the caller. */
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
  return {
    insert: async (documents) => {
      if (documents.length > 0) await store.insertMany([...documents])
    },
    replace: async (documents) => {
      for (const document of documents) await store.updateOne({ _id: document._id }, document)
    },
    remove: async (ids) => {
      if (ids.length > 0) await store.deleteMany({ _id: { $in: [...ids] } }, { multi: true })
    },
    find: (ids) => store.find<Document>({ _id: { $in: [...ids] } }),
    // NeDB would open and close the file for each write. Its lines are the documents' JSON, but for dates and empty values, of
    // which ours have none.
    appendTo: (file) => {
      assert(Reflect.has(persistence, 'persistNewStateAsync'), 'NeDB writes what is new by a function of its own')
      Reflect.set(persistence, 'persistNewStateAsync', (documents: readonly object[]) =>
        documents.length === 0 ? Promise.resolve() : file.append(documents.flatMap(lineParts)),
      )
    },
  }
}

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
