import { beforeEach, expect, test, vi } from 'vitest'
import { setMenu } from '../../electron/system/menu.ts'
import { stringsFor } from '../../electron/system/strings.ts'
import { TrayIcon } from '../../electron/system/tray.ts'
import { german } from '../../renderer/locales/german.ts'
import { english } from '../../renderer/locales/messages.ts'

interface Item {
  readonly label?: string
  readonly role?: string
  readonly accelerator?: string
  readonly submenu?: readonly Item[]
  readonly click?: () => void
}

/** What the system was told to show. */
const shown = vi.hoisted(() => ({
  menu: [] as Item[],
  tray: [] as Item[],
  tip: '',
  badge: 0,
  clickTray: (): void => undefined,
}))

vi.mock('electron', () => ({
  app: {
    name: 'Quintet',
    isPackaged: true,
    setBadgeCount: (count: number) => {
      shown.badge = count
    },
  },
  nativeImage: { createFromPath: () => ({}) },
  Menu: {
    buildFromTemplate: (template: Item[]) => template,
    setApplicationMenu: (menu: Item[]) => {
      shown.menu = menu
    },
  },
  Tray: class {
    on = (_event: string, clicked: () => void) => {
      shown.clickTray = clicked
    }
    setToolTip = (tip: string) => {
      shown.tip = tip
    }
    setContextMenu = (menu: Item[]) => {
      shown.tray = menu
    }
  },
}))

const strings = { en: stringsFor('en', ''), de: stringsFor('de', '') }
let done: unknown[] = []
const actions = {
  show: () => void done.push('show'),
  command: (command: unknown) => void done.push(command),
  quit: () => void done.push('quit'),
}
const allOf = (items: readonly Item[]): readonly Item[] => items.flatMap((item) => [item, ...allOf(item.submenu ?? [])])
const labelled = (items: readonly Item[], label: string): Item => {
  const found = allOf(items).find((item) => item.label === label)
  if (found === undefined) throw new Error(`there is no ${label}`)
  return found
}

beforeEach(() => {
  done = []
})

test('what the menu offers brings the window to the front and is done there, and each has keys of its own', () => {
  setMenu(strings.en, actions)
  const commands: readonly (readonly [string, unknown])[] = [
    ['New mail', { kind: 'compose' }],
    ['Search', { kind: 'search' }],
    ['Print …', { kind: 'print' }],
    ['Settings', { kind: 'settings' }],
    ['Keyboard shortcuts', { kind: 'shortcuts' }],
    ['Mail', { kind: 'page', page: 'mail' }],
    ['People', { kind: 'page', page: 'people' }],
    ['Timeline', { kind: 'page', page: 'timeline' }],
    ['Network', { kind: 'page', page: 'network' }],
  ]
  for (const [label, command] of commands) {
    done = []
    labelled(shown.menu, label).click?.()
    expect(done, label).toEqual(['show', command])
  }
  const keys = allOf(shown.menu).flatMap(({ accelerator }) => accelerator ?? [])
  expect(keys).toHaveLength(new Set(keys).size)
  expect(keys.length).toBeGreaterThanOrEqual(commands.length)
  expect(allOf(shown.menu).some(({ role }) => role === 'toggleDevTools')).toBe(false)
})

test('the menu and the tray speak the language that is set', () => {
  const tray = new TrayIcon('', strings.en, actions)
  expect(shown.tray.flatMap(({ label }) => label ?? [])).toEqual(['Open Quintet', 'New mail', 'Quit Quintet'])
  setMenu(strings.de, actions)
  tray.setStrings(strings.de)
  labelled(shown.menu, 'Drucken …')
  expect(shown.tray.flatMap(({ label }) => label ?? [])).toEqual([
    'Quintet öffnen',
    'Neue Nachricht',
    'Quintet beenden',
  ])
})

test('the tray opens the window, begins a mail, quits, and tells how much is unread, as the badge does', () => {
  const tray = new TrayIcon('', strings.en, actions)
  shown.clickTray()
  labelled(shown.tray, 'New mail').click?.()
  labelled(shown.tray, 'Quit Quintet').click?.()
  expect(done).toEqual(['show', 'show', { kind: 'compose' }, 'quit'])
  tray.setUnread(3)
  expect([shown.tip, shown.badge]).toEqual(['Quintet: 3 unread', 3])
  tray.setUnread(0)
  expect([shown.tip, shown.badge]).toEqual(['Quintet', 0])
})

test.each([
  ['en', english],
  ['de', german],
] as const)('what is in the window is called as there (%s)', (language, window) => {
  const { mail, people, timeline, network, settings, shortcuts, compose, noSubject } = strings[language]
  expect({ mail, people, timeline, network, settings }).toEqual(window.shell.pages)
  expect([shortcuts, compose, noSubject]).toEqual([
    window.shell.shortcuts.title,
    window.mail.compose,
    window.mail.noSubject,
  ])
})
