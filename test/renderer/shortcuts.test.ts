import { describe, expect, it } from 'vitest'
import { KeySequences, type KeyPress, writtenKey } from '../../renderer/shell/shortcuts.ts'

const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
})

describe('how a key press is written', () => {
  it.each([
    [press('j'), 'j'],
    [press('I', { shiftKey: true }), 'shift+i'],
    [press('?', { shiftKey: true }), '?'],
    [press('#'), '#'],
    [press('#', { shiftKey: true }), '#'],
    [press('k', { ctrlKey: true }), 'mod+k'],
    [press('k', { metaKey: true }), 'mod+k'],
    [press('Enter', { ctrlKey: true }), 'mod+enter'],
    [press(' '), 'space'],
    [press('о', { code: 'KeyJ' }), 'j'],
    [press('Ш', { code: 'KeyI', shiftKey: true }), 'shift+i'],
    [press('ن', { code: 'KeyK', ctrlKey: true }), 'mod+k'],
    [press('ö', { code: 'Semicolon' }), 'ö'],
    // As on Dvorak's keyboard.
    [press('h', { code: 'KeyJ' }), 'h'],
  ])('%j is %s', (event, written) => expect(writtenKey(event)).toBe(written))

  it('is nothing for a modifier alone', () => expect(writtenKey(press('Shift', { shiftKey: true }))).toBeNull())
})

describe('sequences of keys', () => {
  const keysOf = new Map([
    ['g i', 'inbox'],
    ['g s', 'starred'],
    ['s', 'star'],
  ])

  it('tell `g s` from `s`', () => {
    const sequences = new KeySequences<string>()
    expect(sequences.press('s', 0, keysOf).target).toBe('star')
    expect(sequences.press('g', 10, keysOf)).toEqual({ target: null, waits: true })
    expect(sequences.press('s', 20, keysOf).target).toBe('starred')
    expect(sequences.press('s', 30, keysOf).target).toBe('star')
  })

  it('end with a pause', () => {
    const sequences = new KeySequences<string>()
    sequences.press('g', 0, keysOf)
    expect(sequences.press('s', 5_000, keysOf).target).toBe('star')
  })

  it('begin anew with a key that continues none', () => {
    const sequences = new KeySequences<string>()
    sequences.press('g', 0, keysOf)
    expect(sequences.press('g', 10, keysOf).waits).toBe(true)
    expect(sequences.press('i', 20, keysOf).target).toBe('inbox')
  })
})
