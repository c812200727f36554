import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OriginId } from '../../replica/core/model/ids.ts'
import { updateId } from '../../replica/core/model/ids.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { folderNames } from '../../replica/core/state/mail-folders.ts'
import { decodeImage } from '../../replica/wire/image-decode.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { foldersOf } from '../simulation/reference-folders.ts'
import { describeImage, describeUpdates } from '../simulation/reference-model.ts'
import { cut, interleave, logs, order, origins, people, stateOf } from './core-histories.ts'

const updatesIn = (state: GroupState): readonly string[] => describeImage(state.image())

const union = (one: ReadonlyMap<OriginId, number>, two: ReadonlyMap<OriginId, number>): ReadonlyMap<OriginId, number> =>
  new Map(origins.map((origin) => [origin, Math.max(one.get(origin) ?? 0, two.get(origin) ?? 0)]))

describe('the replicated state', () => {
  test('is the same for every order in which a set of updates comes', () => {
    fc.assert(
      fc.property(logs, order, order, (all, one, two) => {
        const left = stateOf(interleave(all, one, null))
        const right = stateOf(interleave(all, two, null))
        expect(updatesIn(left)).toEqual(updatesIn(right))
        expect(left.digest()).toBe(right.digest())
      }),
      { numRuns: 400 },
    )
  })

  test('is that of the plain model', () => {
    fc.assert(
      fc.property(logs, order, cut, (all, turns, upTo) => {
        const batches = interleave(all, turns, upTo)
        const model = describeUpdates(batches.flatMap(({ updates }) => updates))
        expect(updatesIn(stateOf(batches))).toEqual(model)
      }),
      { numRuns: 400 },
    )
  })

  test('is the same from a snapshot and the log after it as from the whole log', () => {
    fc.assert(
      fc.property(logs, order, fc.nat(12), (all, turns, at) => {
        const batches = interleave(all, turns, null)
        const image = decodeImage(encodeImage(stateOf(batches.slice(0, at)).image()))
        if (!image.ok) throw new Error(image.failure.message)
        const state = new GroupState()
        state.join(image.value)
        for (const batch of batches.slice(at)) state.applyBatch(batch)
        const whole = stateOf(batches)
        expect(updatesIn(state)).toEqual(updatesIn(whole))
        expect(state.digest()).toBe(whole.digest())
        expect(state.vector).toEqual(whole.vector)
      }),
      { numRuns: 400 },
    )
  })

  test('joined with another is that of the union of both sets', () => {
    fc.assert(
      fc.property(logs, order, cut, cut, (all, turns, one, two) => {
        const [left, right] = [stateOf(interleave(all, turns, one)), stateOf(interleave(all, turns, two))]
        const [leftImage, rightImage] = [left.image(), right.image()]
        const both = stateOf(interleave(all, turns, union(one, two)))
        const copy = structuredClone(leftImage)
        left.join(structuredClone(rightImage))
        right.join(copy)
        for (const joined of [left, right]) {
          expect(updatesIn(joined)).toEqual(updatesIn(both))
          expect(joined.digest()).toBe(both.digest())
          expect(new Map([...joined.vector].sort())).toEqual(new Map([...both.vector].sort()))
        }
      }),
      { numRuns: 600 },
    )
  })

  test('goes on after a join as if it had seen every update itself', () => {
    fc.assert(
      fc.property(logs, order, cut, cut, (all, turns, one, two) => {
        const state = stateOf(interleave(all, turns, one))
        state.join(structuredClone(stateOf(interleave(all, turns, two)).image()))
        for (const batch of interleave(all, turns, null)) {
          if (batch.last > state.held(batch.origin)) state.applyBatch(batch)
        }
        expect(state.digest()).toBe(stateOf(interleave(all, turns, null)).digest())
      }),
      { numRuns: 400 },
    )
  })

  test('has folders that list each live copy once, newest first, page by page', () => {
    fc.assert(
      fc.property(logs, order, order, fc.integer({ min: 1, max: 4 }), (all, turns, asked, limit) => {
        const state = new GroupState()
        interleave(all, turns, null).forEach((batch, at) => {
          state.applyBatch(batch)
          // Folders that are there already change with every batch; others are made when they are asked for.
          if (asked[at] !== undefined) for (const account of people) state.mails.mailbox(account)
        })
        const image = state.image()
        for (const account of people) {
          const mailbox = state.mails.mailbox(account)
          const expected = foldersOf(image, account)
          for (const name of folderNames) {
            const index = mailbox.index(name)
            const paged = []
            for (let page = index.page(limit, null); page.length > 0; page = index.page(limit, page.at(-1) ?? null))
              paged.push(...page)
            const jumped = []
            for (let from = 0; from < index.size; from += limit) jumped.push(...index.pageAt(limit, from))
            expect(paged.map(({ origin, sequence }) => updateId(origin, sequence))).toEqual(expected[name].mails)
            expect(jumped).toEqual(paged)
            expect(index.size).toBe(expected[name].mails.length)
            expect(mailbox.unread(name)).toBe(expected[name].unread)
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  test('keeps in the log exactly what it shows and does not hold itself, and what it does not understand', () => {
    fc.assert(
      fc.property(logs, order, cut, (all, turns, upTo) => {
        const batches = interleave(all, turns, upTo)
        const state = stateOf(batches)
        const updates = batches.flatMap((batch) => batch.updates)
        const later = updates.filter(({ change }) => change.kind === 'unknown')
        const shown = describeUpdates(updates).flatMap((line) => {
          const [kind, ...words] = line.split(' ')
          if (kind === 'mail' || (kind === 'post' && words.length === 3)) return words.slice(0, 1)
          if (kind === 'forgetting') return words.slice(1, 2)
          return kind === 'document' && words.at(-1) === 'written' ? words.slice(2, 3) : []
        })
        const live = [...state.live.sequences()].flatMap(([origin, sequences]) =>
          [...sequences].map((sequence) => updateId(origin, sequence)),
        )
        const needed = [...shown, ...later.map(({ origin, sequence }) => updateId(origin, sequence))]
        expect(live.sort()).toEqual(needed.sort())
        for (const { origin, sequence } of updates)
          expect(state.live.has(origin, sequence)).toBe(live.includes(updateId(origin, sequence)))
      }),
      { numRuns: 200 },
    )
  })

  test('shows the posts of some people in causal order, each once, page by page', () => {
    fc.assert(
      fc.property(logs, order, fc.integer({ min: 1, max: 4 }), (all, turns, limit) => {
        const state = stateOf(interleave(all, turns, null))
        const posts = state.posts.records()
        const authors = [...new Set(posts.map(({ account }) => account))].slice(0, 2)
        const expected = posts.filter(({ account }) => authors.includes(account)).toReversed()
        const paged = []
        for (
          let page = state.posts.page(authors, limit, null);
          page.length > 0;
          page = state.posts.page(authors, limit, page.at(-1) ?? null)
        )
          paged.push(...page)
        expect(paged).toEqual(expected)
        for (const [index, post] of posts.entries()) {
          const later = posts.slice(index + 1).find(({ origin }) => origin === post.origin)
          if (later !== undefined) expect(later.sequence).toBeGreaterThan(post.sequence)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('knows as followers exactly those who follow', () => {
    fc.assert(
      fc.property(logs, order, (all, turns) => {
        const { follows } = stateOf(interleave(all, turns, null))
        const pairs = follows.records().filter(({ state }) => state === 'follows')
        for (const { account, whom } of follows.records()) {
          const isOn = pairs.some((pair) => pair.account === account && pair.whom === whom)
          expect(follows.follows(account, whom)).toBe(isOn)
          expect(follows.followersOf(whom).includes(account)).toBe(isOn)
          expect(follows.followedBy(account).includes(whom)).toBe(isOn)
        }
      }),
      { numRuns: 300 },
    )
  })
})
