import { expect, test } from 'vitest'
import { useNewestAnswer } from '../../renderer/base/newest-answer.ts'

test('an answer, or a failure, that is overtaken does not count', async () => {
  const asked: PromiseWithResolvers<string>[] = []
  const { answer, failure, load } = useNewestAnswer(() => {
    asked.push(Promise.withResolvers<string>())
    return asked.at(-1)!.promise
  })
  const loads = [load(), load(), load()]
  asked[2]!.resolve('the newest')
  await loads[2]
  asked[0]!.resolve('of before')
  asked[1]!.reject(new Error('of before'))
  await Promise.all(loads)
  expect(answer.value).toBe('the newest')
  expect(failure.value).toBeNull()
})

test('what came stays while the next asking fails, and its failure goes with the next answer', async () => {
  const outcomes = [Promise.resolve('first'), Promise.reject(new Error('gone')), Promise.resolve('third')]
  const { answer, failure, load } = useNewestAnswer(() => outcomes.shift()!)
  await load()
  await load()
  expect(answer.value).toBe('first')
  expect(failure.value).toEqual(new Error('gone'))
  await load()
  expect(answer.value).toBe('third')
  expect(failure.value).toBeNull()
})
