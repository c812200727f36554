import { flushPromises, mount } from '@vue/test-utils'
import { TooltipProvider } from 'reka-ui'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { h, nextTick } from 'vue'
import MailReader from '../../renderer/mail/MailReader.vue'
import { useMailCommands } from '../../renderer/mail/use-mail-commands.ts'
import { useMailView } from '../../renderer/mail/mail-view.ts'
import { useCommands } from '../../renderer/shell/commands.ts'
import { fakeQuintet, fillMailbox } from './setup.ts'

const heightPixels = 400
const afterArrivalsMs = 1_000

const opened = async () => {
  fillMailbox(20)
  const view = useMailView()
  await view.list?.show(0, 10)
  const setup = () => {
    useMailCommands()
    return () => h(TooltipProvider, () => h(MailReader))
  }
  const page = mount({ setup }, { attachTo: document.body })
  const header = view.moveCursor(1)!
  view.open(header.mail)
  await vi.advanceTimersByTimeAsync(afterArrivalsMs)
  const scroller = page.get<HTMLElement>('[data-scrolls]').element
  vi.spyOn(scroller, 'clientHeight', 'get').mockReturnValue(heightPixels)
  const press = (key: string, target: Element, modifiers: KeyboardEventInit = {}): KeyboardEvent => {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...modifiers })
    target.addEventListener('keydown', (pressed) => useCommands().press(pressed as KeyboardEvent), { once: true })
    target.dispatchEvent(event)
    return event
  }
  return { view, page, header, scroller, press }
}

describe('a mail that is longer than the window', () => {
  beforeEach(() => vi.useFakeTimers({ now: new Date(2026, 10, 30, 23, 59) }))
  afterEach(() => {
    document.body.replaceChildren()
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  it('is read on with the space bar, and back with Shift, while the focus is in the list', async () => {
    const { page, scroller, press } = await opened()
    expect(press(' ', document.body).defaultPrevented).toBe(true)
    expect(scroller.scrollTop).toBe(heightPixels * 0.85)
    press(' ', document.body, { shiftKey: true })
    expect(scroller.scrollTop).toBe(0)
    // A button is pressed by it.
    expect(press(' ', page.get('article button').element).defaultPrevented).toBe(false)
    expect(scroller.scrollTop).toBe(0)
    page.unmount()
  })

  it('says of older ones that are folded how many of them are unread', async () => {
    const { view, page } = await opened()
    const { mailbox } = fakeQuintet()
    const { conversation } = mailbox.header(100, 0)
    const mails = Array.from({ length: 41 }, () => mailbox.deliver({ conversation }).mail)
    view.open(mails.at(-1)!)
    await vi.advanceTimersByTimeAsync(afterArrivalsMs)
    // The oldest is shown, the opened one, and the twenty before it.
    expect(page.get('li > button').text()).toBe('19 older mails (19 unread)')
    page.unmount()
  })

  it('has the arrow keys to itself while the focus is in it; elsewhere they lead to the next mail', async () => {
    const { view, page, header, press } = await opened()
    for (const key of ['ArrowDown', 'PageDown', 'End'])
      expect(press(key, page.get('article').element).defaultPrevented).toBe(false)
    expect(view.openMail).toBe(header.mail)
    press('ArrowDown', document.body)
    expect(view.openMail).not.toBe(header.mail)
    page.unmount()
  })

  it('is shown with the subject where that leaves room for its beginning, and from its beginning elsewhere', async () => {
    const { page, scroller, press } = await opened()
    const heightOfMail = vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(5 * heightPixels)
    const placed: number[] = []
    for (const topPixels of [90, 1_500]) {
      vi.spyOn(HTMLElement.prototype, 'offsetTop', 'get').mockReturnValue(topPixels)
      press('ArrowDown', document.body)
      await vi.advanceTimersByTimeAsync(afterArrivalsMs)
      placed.push(scroller.scrollTop)
    }
    expect(heightOfMail).toHaveBeenCalled()
    expect(placed).toEqual([0, 1_488])
    page.unmount()
  })

  it('stays where it is read when another comes into its conversation', async () => {
    const { page, header, scroller } = await opened()
    const shown = () => page.findAll('article').length
    const before = shown()
    scroller.scrollTop = 250
    fakeQuintet().mailbox.deliver({ conversation: header.conversation })
    await vi.advanceTimersByTimeAsync(afterArrivalsMs)
    expect(shown()).toBe(before + 1)
    expect(scroller.scrollTop).toBe(250)
    page.unmount()
  })

  it('is of yesterday when midnight has passed', async () => {
    const { page, header } = await opened()
    const shownDate = () => page.get('[data-opened] time').text()
    expect(shownDate()).not.toContain('Nov')
    await vi.advanceTimersByTimeAsync(2 * 60_000)
    await flushPromises()
    await nextTick()
    expect(new Date(header.sentAt).getDate()).toBe(30)
    expect(shownDate()).toContain('Mon, Nov 30')
    page.unmount()
  })
})
