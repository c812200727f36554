import { type ContextMenuParams, Menu, type MenuItemConstructorOptions, type WebContents } from 'electron'

/** What the menu of the other mouse button depends on. */
export type Pointed = Pick<
  ContextMenuParams,
  'isEditable' | 'selectionText' | 'editFlags' | 'misspelledWord' | 'dictionarySuggestions'
>

const separator: MenuItemConstructorOptions = { type: 'separator' }

/** What can be done with text, where there is some: the system's own words, and corrections of a misspelt word. */
export const textMenu = (pointed: Pointed, correct: (word: string) => void): readonly MenuItemConstructorOptions[] => {
  const { isEditable, selectionText, editFlags, misspelledWord, dictionarySuggestions } = pointed
  const suggestions = misspelledWord === '' ? [] : dictionarySuggestions
  const corrections = suggestions.map((word) => ({ label: word, click: () => correct(word) }))
  if (isEditable) {
    return [
      ...corrections,
      ...(corrections.length > 0 ? [separator] : []),
      { role: 'undo', enabled: editFlags.canUndo },
      { role: 'redo', enabled: editFlags.canRedo },
      separator,
      { role: 'cut', enabled: editFlags.canCut },
      { role: 'copy', enabled: editFlags.canCopy },
      { role: 'paste', enabled: editFlags.canPaste },
      { role: 'selectAll', enabled: editFlags.canSelectAll },
    ]
  }
  return selectionText.trim() === '' ? [] : [{ role: 'copy', enabled: editFlags.canCopy }]
}

/** Electron shows none by itself. */
export const offerTextMenu = (contents: WebContents): void => {
  contents.on('context-menu', (_event, pointed) => {
    const items = textMenu(pointed, (word) => contents.replaceMisspelling(word))
    if (items.length > 0) Menu.buildFromTemplate([...items]).popup()
  })
}
