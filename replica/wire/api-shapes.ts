/** Checks a decoded value and gives it its type. `at` says where the value stands, for the message. Throws `ShapeError`. */
export type Shape<Value> = (value: unknown, at: string) => Value

/** A value from outside is not what its place asks for. Caught where bytes become values. */
export class ShapeError extends Error {
  constructor(at: string, expected: string) {
    super(`${at} is not ${expected}`)
    this.name = 'ShapeError'
  }
}

type ValueOf<Of> = Of extends Shape<infer Value> ? Value : never

export const nothing: Shape<undefined> = (value, at) => {
  if (value !== null && value !== undefined) throw new ShapeError(at, 'empty')
  return undefined
}

/** A field that is null. */
export const nothingAtAll: Shape<null> = (value, at) => {
  if (value !== null) throw new ShapeError(at, 'null')
  return null
}

/** Text of at most `maxUnits` UTF-16 units. */
export const text =
  (maxUnits: number): Shape<string> =>
  (value, at) => {
    if (typeof value !== 'string' || value.length > maxUnits)
      throw new ShapeError(at, `text of at most ${maxUnits} characters`)
    return value
  }

/** Text of a form; `brand` gives it its type. */
export const textLike =
  <Value extends string>(pattern: RegExp, brand: (value: string) => Value): Shape<Value> =>
  (value, at) => {
    if (typeof value !== 'string' || !pattern.test(value)) throw new ShapeError(at, 'of the form that is needed here')
    return brand(value)
  }

/** A value that a type guard knows. */
export const guarded =
  <Value>(guard: (value: unknown) => value is Value, expected: string): Shape<Value> =>
  (value, at) => {
    if (!guard(value)) throw new ShapeError(at, expected)
    return value
  }

export const bytesOf =
  (length: number): Shape<Uint8Array> =>
  (value, at) => {
    if (!(value instanceof Uint8Array) || value.length !== length) throw new ShapeError(at, `${length} bytes`)
    return value
  }

export const bytesUpTo =
  (maxBytes: number): Shape<Uint8Array> =>
  (value, at) => {
    if (!(value instanceof Uint8Array) || value.length > maxBytes) throw new ShapeError(at, `at most ${maxBytes} bytes`)
    return value
  }

export const integer =
  (lowest: number, highest: number): Shape<number> =>
  (value, at) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < lowest || value > highest) {
      throw new ShapeError(at, `a whole number from ${lowest} to ${highest}`)
    }
    return value
  }

/** A finite number that is not negative. */
export const measure: Shape<number> = (value, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw new ShapeError(at, 'a number from 0 up')
  return value
}

/** A short text, or a whole number. */
export const word =
  (maxUnits: number): Shape<string | number> =>
  (value, at) =>
    typeof value === 'number'
      ? integer(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)(value, at)
      : text(maxUnits)(value, at)

export const truth: Shape<boolean> = (value, at) => {
  if (typeof value !== 'boolean') throw new ShapeError(at, 'true or false')
  return value
}

export const oneOf =
  <const Value extends string>(values: readonly Value[]): Shape<Value> =>
  (value, at) => {
    const found = values.find((candidate) => candidate === value)
    if (found === undefined) throw new ShapeError(at, `one of ${values.join(', ')}`)
    return found
  }

export const orNull =
  <Value>(shape: Shape<Value>): Shape<Value | null> =>
  (value, at) =>
    value === null ? null : shape(value, at)

/** As `orNull`, of a field that clients of former versions do not have. */
export const orAbsent =
  <Value>(shape: Shape<Value>): Shape<Value | null> =>
  (value, at) =>
    value === null || value === undefined ? null : shape(value, at)

export const listOf =
  <Value>(shape: Shape<Value>, maxItems: number): Shape<readonly Value[]> =>
  (value, at) => {
    if (!Array.isArray(value) || value.length > maxItems) throw new ShapeError(at, `a list of at most ${maxItems}`)
    return value.map((item) => shape(item, at))
  }

/** A map from texts of a form, as a plain object without a prototype. */
export const recordOf =
  <Value>(pattern: RegExp, shape: Shape<Value>, maxEntries: number): Shape<Readonly<Record<string, Value>>> =>
  (value, at) => {
    if (!(value instanceof Map) || value.size > maxEntries) throw new ShapeError(at, `a map of at most ${maxEntries}`)
    const record: Record<string, Value> = {}
    for (const [key, item] of value) {
      if (typeof key !== 'string' || !pattern.test(key))
        throw new ShapeError(at, 'a map with keys of the form that is needed here')
      record[key] = shape(item, `${at}.${key}`)
    }
    return record
  }

/** A map with these fields. Fields that are not known are left out: a newer version may send more. */
export const fields = <const Shapes extends Readonly<Record<string, Shape<unknown>>>>(
  shapes: Shapes,
): Shape<{ readonly [Name in keyof Shapes]: ValueOf<Shapes[Name]> }> => {
  const entries = Object.entries(shapes)
  return (value, at) => {
    if (!(value instanceof Map)) throw new ShapeError(at, 'a map')
    const known: Record<string, unknown> = {}
    for (const [name, shape] of entries) known[name] = shape(value.get(name), `${at}.${name}`)
    return known as { readonly [Name in keyof Shapes]: ValueOf<Shapes[Name]> }
  }
}

/** A map of one of two forms, told apart by whether it has a field of this name. */
export const byField =
  <One, Other>(name: string, having: Shape<One>, lacking: Shape<Other>): Shape<One | Other> =>
  (value, at) =>
    value instanceof Map && value.has(name) ? having(value, at) : lacking(value, at)
