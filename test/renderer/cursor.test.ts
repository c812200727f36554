import { flushPromises } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useMailActions } from '../../renderer/mail/mail-actions.ts'
import { useMailView } from '../../renderer/mail/mail-view.ts'
import { fakeQuintet } from './setup.ts'

const told = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(1_000)
  await flushPromises()
}
const shown = async () => {
  const view = useMailView()
  await view.list?.show(0, 20)
  return view
}

describe('the cursor in a list', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('stays on its mail when others come in: what is done is done to the mail that was looked at', async () => {
    const view = await shown()
    view.moveCursor(3)
    const looked = view.cursorHeader?.mail
    const { moves } = view
    fakeQuintet().mailbox.deliver()
    fakeQuintet().mailbox.deliver()
    await told()
    expect(view.cursor).toBe(5)
    expect(view.moves).toBe(moves)
    useMailActions().discard(view.concerned)
    expect(fakeQuintet().requestsOf('mark')).toEqual([{ mails: [looked], mark: 'trash' }])
    await told()
  })

  it('is at the top until somebody moves it: there is what came last', async () => {
    const view = await shown()
    const { mail } = fakeQuintet().mailbox.deliver()
    await told()
    expect(view.concerned).toEqual([mail])
  })

  it('is on the next mail when its own is gone', async () => {
    const view = await shown()
    view.moveCursor(3)
    const next = view.list?.rows.value.at(4)?.mail
    await useMailActions().mark(view.concerned, 'trash')
    await told()
    expect(view.concerned).toEqual([next])
    fakeQuintet().mailbox.deliver()
    await told()
    expect(view.concerned).toEqual([next])
  })

  it('is at the top of another folder', async () => {
    const view = await shown()
    view.moveCursor(3)
    view.goTo('sent')
    await view.list?.show(0, 20)
    expect(view.cursor).toBe(0)
    expect(view.cursorHeader?.own).toBe(true)
  })
})
