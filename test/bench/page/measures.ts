/**
 * What is measured within the app's page, by its own clock: a call from outside takes longer than what is measured. The
 * page takes this file as it is (its types stripped), so it imports nothing.
 */

const rowPixels = 80
const rowsAbove = 3
/** As a person does, who reads it: what opening it brings about is not counted to the next one. */
const readMs = 120

const frame = (): Promise<number> => new Promise((shown) => requestAnimationFrame(shown))
const list = (): HTMLElement => {
  const found = document.querySelector<HTMLElement>('[role=grid]')
  if (found === null) throw new Error('there is no list')
  return found
}
const openText = (): string => document.querySelector('article .text-reading')?.textContent ?? ''

/** Milliseconds from a click on each of the first `count` mails until its text is in a frame. */
const clickThrough = async (count: number): Promise<readonly number[]> => {
  const times: number[] = []
  for (let index = 0; index < count; index += 1) {
    const find = (): HTMLElement | null =>
      document.querySelector<HTMLElement>(`#mail-row-${index} [role=gridcell]:last-of-type`)
    list().scrollTop = Math.max(0, (index - rowsAbove) * rowPixels)
    while (find() === null) await frame()
    await frame()
    const before = openText()
    const began = performance.now()
    find()?.click()
    do await frame()
    while (openText() === '' || openText() === before)
    times.push(performance.now() - began)
    await new Promise((over) => setTimeout(over, readMs))
  }
  return times
}

/** Milliseconds from a click on the folder until its heading and its list are in a frame; `Starred` is empty. */
const openFolder = async (name: 'Inbox' | 'Starred'): Promise<number> => {
  const buttons = [...document.querySelectorAll<HTMLElement>('nav button')]
  const button = buttons.find(({ textContent }) => textContent.trim().startsWith(name))
  const began = performance.now()
  button?.click()
  for (;;) {
    await frame()
    const isThere = document.querySelector('#mail-row-5 time') !== null
    const heading = document.querySelector('h1')?.textContent ?? ''
    if (heading.includes(name) && isThere === (name === 'Inbox')) return performance.now() - began
  }
}

const frames: number[] = []
/** From now on the time between frames is written down. */
const watchFrames = (): void => {
  let last = performance.now()
  const next = (): void => {
    const now = performance.now()
    frames.push(now - last)
    last = now
    requestAnimationFrame(next)
  }
  requestAnimationFrame(next)
}

const typed: number[] = []
/** From now on the time from each key until the frame that shows it is written down. */
const watchTyping = (): void => {
  const hear = ({ timeStamp }: KeyboardEvent): void => {
    requestAnimationFrame(() => typed.push(performance.now() - timeStamp))
  }
  document.addEventListener('keydown', hear, { capture: true })
}

type Manner = 'scrolled' | 'dragged'

/**
 * Moves `scroller` for so long, every frame: three rows, as a fast wheel does, or through the whole list, as a dragged scroll
 * bar does. The milliseconds between frames.
 */
const moveThrough = async (scroller: HTMLElement, manner: Manner, lastingMs: number): Promise<readonly number[]> => {
  const { scrollHeight } = scroller
  const times: number[] = []
  const began = performance.now()
  for (let turn = 0, last = await frame(); performance.now() - began < lastingMs; turn += 1) {
    scroller.scrollTop = manner === 'scrolled' ? turn * 3 * rowPixels : (scrollHeight / 100) * ((turn * 37) % 100)
    const now = await frame()
    times.push(now - last)
    last = now
  }
  return times
}

/** Of the list that is open. */
const scrollList = (manner: Manner, lastingMs: number): Promise<readonly number[]> =>
  moveThrough(list(), manner, lastingMs)

/** Of an empty page as large, in its place: more than this no list can have here. */
const scrollNothing = async (manner: Manner, lastingMs: number): Promise<readonly number[]> => {
  const { left, top, width, height } = list().getBoundingClientRect()
  const empty = document.createElement('div')
  const page = document.createElement('div')
  const place = { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` }
  Object.assign(empty.style, { position: 'fixed', overflow: 'auto', background: 'white', zIndex: '9', ...place })
  page.style.height = `${list().scrollHeight}px`
  empty.append(page)
  document.body.append(empty)
  try {
    return await moveThrough(empty, manner, lastingMs)
  } finally {
    empty.remove()
  }
}

Object.assign(globalThis, {
  measures: { clickThrough, openFolder, watchFrames, watchTyping, scrollList, scrollNothing, frames, typed },
})
