/** How keys are written: `j`, `shift+i`, `mod+enter` (Ctrl, on a Mac Cmd), `?`, and `g i` for one after the other. */
export type Keys = string

/** A pause longer than this ends a sequence. */
const sequencePauseMs = 1_200

export interface KeyPress {
  readonly key: string
  /** Which key of the keyboard it is, whatever stands on it. */
  readonly code?: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
  readonly shiftKey: boolean
}

/** A key press as it is written in `Keys`; null for one that is only a modifier. */
export const writtenKey = (press: KeyPress): string | null => {
  if (['Control', 'Meta', 'Alt', 'Shift', 'AltGraph', 'Dead'].includes(press.key)) return null
  const key = press.key === ' ' ? 'space' : latinKey(press)
  const isLetter = key.length === 1 && key.toUpperCase() !== key
  // The shift of `?` and `#` is part of the keyboard's layout.
  const shifted = press.shiftKey && (isLetter || key.length > 1)
  const parts = [press.ctrlKey || press.metaKey ? 'mod' : '', press.altKey ? 'alt' : '', shifted ? 'shift' : '', key]
  return parts.filter((part) => part !== '').join('+')
}

/** Keyboards for Arabic, Greek, Hebrew or Russian have no Latin letters: there a shortcut is where it stands on others. */
const latinKey = ({ key, code = '' }: KeyPress): string => {
  const [, letter] = /^Key([A-Z])$/u.exec(code) ?? []
  return (/^\P{ASCII}$/u.test(key) ? (letter ?? key) : key).toLowerCase()
}

export interface Matched<Target> {
  readonly target: Target | null
  /** Whether the press is the beginning of a longer sequence. */
  readonly waits: boolean
}

/** Follows key presses through sequences. A press that continues no sequence begins a new one. */
export class KeySequences<Target> {
  #pressed: readonly string[] = []
  #pressedAt = 0

  press(key: string, nowMs: number, keysOf: ReadonlyMap<Keys, Target>): Matched<Target> {
    if (nowMs - this.#pressedAt > sequencePauseMs) this.#pressed = []
    this.#pressedAt = nowMs
    const continued = this.#look([...this.#pressed, key], keysOf)
    if (continued.target !== null || continued.waits || this.#pressed.length === 0) return this.#keep(continued, key)
    this.#pressed = []
    return this.#keep(this.#look([key], keysOf), key)
  }

  #keep(matched: Matched<Target>, key: string): Matched<Target> {
    this.#pressed = matched.waits ? [...this.#pressed, key] : []
    return matched
  }

  #look(sequence: readonly string[], keysOf: ReadonlyMap<Keys, Target>): Matched<Target> {
    const written = sequence.join(' ')
    const target = keysOf.get(written) ?? null
    const waits = target === null && [...keysOf.keys()].some((keys) => keys.startsWith(`${written} `))
    return { target, waits }
  }
}

const pressKeys: ReadonlySet<string> = new Set(['enter', 'space'])
const scrollKeys: ReadonlySet<string> = new Set(['arrowdown', 'arrowup', 'pagedown', 'pageup', 'home', 'end'])

/** Whether the key is the element's own: it is pressed by that, or the text that it is in is scrolled by that. */
export const isOwnKey = (key: string, element: EventTarget | null): boolean => {
  if (!(element instanceof Element)) return false
  if (pressKeys.has(key)) return element.closest('button, a[href], summary, input') !== null
  return scrollKeys.has(key) && element.closest('[data-scrolls]') !== null
}

/** Whether the element takes letters, so that plain keys are no shortcuts there. */
export const takesText = (element: EventTarget | null): boolean => {
  if (!(element instanceof HTMLElement)) return false
  if (element.isContentEditable || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement)
    return true
  return element instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range'].includes(element.type)
}
