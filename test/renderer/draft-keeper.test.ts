import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Letter } from '../../replica/client/contract/mailbox.ts'
import { DraftKeeper, type KeptState } from '../../renderer/mail/draft-keeper.ts'

let body = ''
let saved: string[] = []
let states: KeptState[] = []
let save: (text: string) => Promise<string>

const keeper = (): DraftKeeper =>
  new DraftKeeper(
    {
      written: (): Letter => ({ to: [], subject: '', body }),
      save: (letter) => save(letter.body),
      onState: (state) => states.push(state),
    },
    null,
  )

beforeEach(() => {
  vi.useFakeTimers()
  saved = []
  states = []
  save = async (text) => {
    saved.push(text)
    return 'draft-1'
  }
})
afterEach(() => vi.useRealTimers())

const write = (into: DraftKeeper, text: string): void => {
  body = text
  into.changed(Date.now())
}

describe('keeping a draft', () => {
  it('saves once after a burst of changes', async () => {
    const kept = keeper()
    for (const text of ['H', 'He', 'Hel']) write(kept, text)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(saved).toEqual(['Hel'])
    expect(kept.draft).toBe('draft-1')
    expect(states.at(-1)).toBe('saved')
  })

  it('saves now and then while somebody writes without a pause', async () => {
    const kept = keeper()
    for (let typed = 0; typed < 50; typed += 1) {
      write(kept, 'x'.repeat(typed))
      await vi.advanceTimersByTimeAsync(200)
    }
    expect(saved.length).toBeGreaterThanOrEqual(3)
  })

  it('never has two saves under way, and ends with the newest text', async () => {
    const answers: (() => void)[] = []
    save = (text) => {
      saved.push(text)
      return new Promise((resolve) => answers.push(() => resolve('draft-1')))
    }
    const kept = keeper()
    write(kept, 'first')
    const flushed = kept.flush()
    write(kept, 'second')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(saved).toEqual(['first'])
    answers[0]?.()
    await vi.advanceTimersByTimeAsync(0)
    expect(saved).toEqual(['first', 'second'])
    answers[1]?.()
    await flushed
    expect(states.at(-1)).toBe('saved')
  })

  it('saves at once when asked to', async () => {
    const kept = keeper()
    write(kept, 'now')
    await kept.flush()
    expect(saved).toEqual(['now'])
  })

  it('says when it could not save, and tries again with the next change', async () => {
    const kept = keeper()
    const works = save
    save = () => Promise.reject(new Error('disk full'))
    write(kept, 'one')
    await kept.flush()
    expect(states.at(-1)).toBe('failed')
    save = works
    write(kept, 'two')
    await kept.flush()
    expect(saved).toEqual(['two'])
  })

  it('saves nothing more once it is stopped', async () => {
    const kept = keeper()
    write(kept, 'sent already')
    await kept.stop()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(saved).toEqual([])
  })
})
