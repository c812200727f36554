import { expect, test, vi } from 'vitest'
import { type Pointed, textMenu } from '../../electron/window/context-menu.ts'

vi.mock('electron', () => ({ Menu: {} }))

const editFlags = {
  canUndo: false,
  canRedo: false,
  canCut: true,
  canCopy: true,
  canPaste: true,
  canDelete: true,
  canSelectAll: true,
  canEditRichly: false,
}
const nothing: Pointed = {
  isEditable: false,
  selectionText: '',
  editFlags,
  misspelledWord: '',
  dictionarySuggestions: [],
}
const rolesOf = (pointed: Pointed) => textMenu(pointed, () => undefined).flatMap(({ role }) => role ?? [])

test('the other mouse button offers to copy what is selected, all of editing in a field, and nothing elsewhere', () => {
  expect(rolesOf(nothing)).toEqual([])
  expect(rolesOf({ ...nothing, selectionText: 'wind' })).toEqual(['copy'])
  expect(rolesOf({ ...nothing, isEditable: true })).toEqual(['undo', 'redo', 'cut', 'copy', 'paste', 'selectAll'])
})

test('a misspelt word is corrected by the word that is chosen', () => {
  const corrected: string[] = []
  const pointed = { ...nothing, isEditable: true, misspelledWord: 'wimd', dictionarySuggestions: ['wind', 'wild'] }
  const items = textMenu(pointed, (word) => corrected.push(word))
  expect(items.map(({ label }) => label).slice(0, 2)).toEqual(['wind', 'wild'])
  const click = items[0]?.click as unknown as (() => void) | undefined
  click?.()
  expect(corrected).toEqual(['wind'])
})
