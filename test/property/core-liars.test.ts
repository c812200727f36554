import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type OriginId, type Sequence, updateId } from '../../replica/core/model/ids.ts'
import type { ExecutionRecord, StateImage } from '../../replica/core/model/image.ts'
import { markBits } from '../../replica/core/model/image.ts'
import { type MailRecord, mailColumns, mailRecords } from '../../replica/core/model/mail-columns.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { isContentOf, isLiveIn, leftOutOf, restored, shownOf } from '../../replica/core/state/left-out.ts'
import { heldFrom } from '../../replica/core/version-vector.ts'
import { decodeImage } from '../../replica/wire/image-decode.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { cut, interleave, type Logs, logs, order, origins, stateOf } from './core-histories.ts'

/** Gives the next of some numbers below `count` that were drawn by chance. */
type Draw = (count: number) => number

interface Named {
  readonly origin: OriginId
  readonly sequence: Sequence
}

const isSame = (one: Named, other: Named): boolean => one.origin === other.origin && one.sequence === other.sequence
const last = 2 ** 52 - 1

const someName = ({ vector }: StateImage, draw: Draw): ExecutionRecord['names'][number] => {
  const origin = origins[draw(origins.length)]!
  const beyond = draw(8) === 0 ? 3 : 0
  const sequence = 1 + draw(Math.max(1, heldFrom(vector, origin)) + beyond)
  return { origin, sequence, clock: draw(2) === 0 ? draw(100) : last }
}

const inOrder = (mails: readonly MailRecord[]): readonly MailRecord[] =>
  mails.toSorted((one, two) =>
    one.origin === two.origin ? one.sequence - two.sequence : one.origin < two.origin ? -1 : 1,
  )

const withCommand = (
  image: StateImage,
  draw: Draw,
  change: (execution: ExecutionRecord) => ExecutionRecord,
): StateImage => {
  const at = draw(image.executions.length)
  return {
    ...image,
    executions: image.executions.map((execution, place) => (place === at ? change(execution) : execution)),
  }
}

/** Ways to make up a state that is well formed. */
const lies: readonly ((image: StateImage, draw: Draw) => StateImage)[] = [
  // A command has one name more.
  (image, draw) =>
    withCommand(image, draw, (execution) => {
      const name = someName(image, draw)
      return { ...execution, names: [...execution.names.filter((one) => !isSame(one, name)), name] }
    }),
  (image, draw) =>
    withCommand(image, draw, ({ names, ...rest }) => ({ ...rest, names: names.length > 1 ? names.slice(1) : names })),
  (image, draw) => ({ ...image, executions: image.executions.filter(() => draw(3) > 0) }),
  (image, draw) => ({ ...image, mails: mailColumns([...mailRecords(image.mails)].filter(() => draw(3) > 0)) }),
  // A mail is listed by another name, or by that one, too.
  (image, draw) => {
    const mails = [...mailRecords(image.mails)]
    const mail = mails[draw(mails.length)]
    const names = image.executions[draw(image.executions.length)]?.names ?? []
    const name = draw(2) === 0 ? names[draw(names.length)] : someName(image, draw)
    if (mail === undefined || name === undefined || mails.some((one) => isSame(one, name))) return image
    const { origin, sequence } = name
    const others = draw(2) === 0 ? mails : mails.filter((one) => one !== mail)
    return { ...image, mails: mailColumns(inOrder([...others, { ...mail, origin, sequence }])) }
  },
  (image) => ({ ...image, posts: [...image.posts, ...image.posts.slice(0, 1)] }),
  (image, draw) => {
    const mails = [...mailRecords(image.mails)]
    const turned = mails.map((mail) => ({
      ...mail,
      marks: mail.marks.map((bits) => bits ^ (draw(2) * markBits.deleted)),
    }))
    return { ...image, mails: mailColumns(turned) }
  },
  (image, draw) => {
    const mails = [...mailRecords(image.mails)]
    return {
      ...image,
      mails: mailColumns(
        mails.map((mail) =>
          draw(2) === 0 ? mail : { ...mail, to: [mail.from], marks: [markBits.deleted, markBits.deleted] },
        ),
      ),
    }
  },
]

const lying = fc.record({
  which: fc.array(fc.constantFrom(...lies), { minLength: 1, maxLength: 4 }),
  numbers: fc.infiniteStream(fc.nat(1_000)),
})

/** As it arrives; null where it is refused. */
const told = (image: StateImage): StateImage | null => {
  const decoded = decodeImage(encodeImage(image))
  return decoded.ok ? decoded.value : null
}

type Lying = typeof lying extends fc.Arbitrary<infer Value> ? Value : never

const lied = (image: StateImage, { which, numbers }: Lying): StateImage | null => {
  const draw: Draw = (count) => (numbers.next().value ?? 0) % Math.max(1, count)
  return told(which.reduce((so, lie) => lie(so, draw), image))
}

const union = (one: ReadonlyMap<OriginId, number>, two: ReadonlyMap<OriginId, number>): ReadonlyMap<OriginId, number> =>
  new Map(origins.map((origin) => [origin, Math.max(one.get(origin) ?? 0, two.get(origin) ?? 0)]))

/** What a witness makes of an image that `own` is about to join. It can show all that was ever signed. */
const confirmed = (image: StateImage, witness: StateImage, own: GroupState, all: Logs): StateImage => {
  const leftOut = leftOutOf(image, witness, own)
  const isContent = isContentOf(leftOut)
  const contents = [...all.values()].flat().flatMap(({ updates }) => updates)
  const shown = shownOf(leftOut, (entry) =>
    entry.sequence <= own.held(entry.origin)
      ? isLiveIn(own, entry)
      : contents.some((update) => isSame(update, entry) && isContent(update)),
  )
  return restored(image, witness, shown, own)
}

const goesOn = (state: GroupState, rest: readonly Batch[]): void => {
  for (const batch of rest) if (batch.last > state.held(batch.origin)) state.applyBatch(batch)
  const written = told(state.image())
  expect(written).not.toBeNull()
  new GroupState().join(written ?? state.image())
}

/** The copies of mails that their owners have, and can open, and the posts. */
const liveIn = ({ mails, posts }: GroupState): readonly string[] => [
  ...mails.records().flatMap(({ origin, sequence, from, to, marks }) => {
    const id = updateId(origin, sequence)
    const owners = [from, ...to].filter((_, copy) => ((marks[copy] ?? 0) & markBits.deleted) === 0)
    return mails.find(id) === undefined ? [] : owners.map((owner) => `${id} ${owner}`)
  }),
  ...posts.records().flatMap(({ origin, sequence }) => {
    const id = updateId(origin, sequence)
    return posts.find(id) === undefined ? [] : [id]
  }),
]

describe('where members make states up', () => {
  test('a replica that joins one goes on, starts again and hands its own on', () => {
    fc.assert(
      fc.property(
        logs,
        order,
        cut,
        cut,
        cut,
        lying,
        lying,
        fc.boolean(),
        (all, turns, less, more, seen, one, two, isAsked) => {
          const image = lied(stateOf(interleave(all, turns, less)).image(), one)
          const witness = lied(stateOf(interleave(all, turns, union(less, more))).image(), two)
          if (image === null || witness === null) return
          const state = stateOf(interleave(all, turns, seen))
          state.join(structuredClone(isAsked ? confirmed(image, witness, state, all) : image))
          goesOn(state, [])
          goesOn(state, interleave(all, turns, null))
        },
      ),
      { numRuns: 1_500 },
    )
  })

  test('nothing is lost of what one says that was honest, whatever the other one makes up that confirms it', () => {
    fc.assert(
      fc.property(logs, order, cut, cut, cut, lying, (all, turns, less, more, seen, lie) => {
        const image = stateOf(interleave(all, turns, less)).image()
        const witness = lied(stateOf(interleave(all, turns, union(less, more))).image(), lie)
        if (witness === null) return
        const [state, honest] = [stateOf(interleave(all, turns, seen)), stateOf(interleave(all, turns, seen))]
        honest.join(structuredClone(image))
        state.join(structuredClone(confirmed(image, witness, state, all)))
        expect(liveIn(state)).toEqual(expect.arrayContaining([...liveIn(honest)]))
      }),
      { numRuns: 1_500 },
    )
  })
})
