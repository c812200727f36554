import { describe, expect, test } from 'vitest'

import { RequestOrder, type RequestKind } from '../../replica/terminal/request-order.ts'

/** Which of these requests, given in at once, have begun before any of them has been answered, and then one by one. */
const begun = async (kinds: readonly RequestKind[]): Promise<readonly (readonly number[])[]> => {
  const order = new RequestOrder()
  const answers: (() => void)[] = []
  const waves: number[][] = []
  let wave: number[] = []
  for (const [index, kind] of kinds.entries())
    void order.run(kind, () => {
      wave.push(index)
      return new Promise<void>((answer) => answers.push(answer))
    })
  for (let done = 0; done < kinds.length;) {
    await new Promise((turn) => setImmediate(turn))
    waves.push(wave)
    wave = []
    for (; done < answers.length; done += 1) answers[done]?.()
  }
  return waves
}

describe('requests that are given at once', () => {
  test.each<{ readonly kinds: readonly RequestKind[]; readonly waves: readonly (readonly number[])[] }>([
    { kinds: ['send', 'send'], waves: [[0, 1]] },
    { kinds: ['change', 'change'], waves: [[0], [1]] },
    { kinds: ['deletion', 'deletion', 'deletion'], waves: [[0, 1, 2]] },
    { kinds: ['deletion', 'question', 'deletion'], waves: [[0], [1], [2]] },
    { kinds: ['deletion', 'reading', 'deletion'], waves: [[0], [1], [2]] },
    { kinds: ['send', 'deletion', 'change', 'deletion'], waves: [[0], [1], [2], [3]] },
    { kinds: ['session', 'deletion', 'deletion', 'session', 'deletion'], waves: [[0], [1, 2], [3], [4]] },
    {
      kinds: ['reading', 'aside', 'deletion', 'deletion'],
      waves: [
        [0, 1],
        [2, 3],
      ],
    },
  ])('$kinds are carried out as far as each sees what was before it', async ({ kinds, waves }) => {
    expect(await begun(kinds)).toEqual(waves)
  })
})
