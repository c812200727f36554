import { StandInEmitter } from './not-emulated.ts'

interface ItemTemplate {
  readonly id?: string
  readonly label?: string
  readonly role?: string
  readonly type?: string
  readonly accelerator?: string
  readonly submenu?: readonly ItemTemplate[]
  readonly click?: () => void
}

export class MenuItem {
  readonly label: string
  readonly role: string | undefined
  readonly type: string
  readonly accelerator: string | undefined
  readonly submenu: Menu | undefined
  readonly #click: (() => void) | undefined

  constructor({ label, role, type, accelerator, submenu, click }: ItemTemplate) {
    this.label = label ?? role ?? ''
    this.role = role
    this.type = type ?? (submenu === undefined ? 'normal' : 'submenu')
    this.accelerator = accelerator
    this.submenu = submenu === undefined ? undefined : Menu.buildFromTemplate(submenu)
    this.#click = click
  }

  /** Items that have only a role do nothing here. */
  click(): void {
    this.#click?.()
  }
}

/** A menu as a model: it is not shown, its accelerators work. */
export class Menu extends StandInEmitter {
  static #application: Menu | null = null
  readonly items: readonly MenuItem[]

  private constructor(items: readonly MenuItem[]) {
    super()
    this.items = items
  }

  static buildFromTemplate(template: readonly ItemTemplate[]): Menu {
    return new Menu(template.map((item) => new MenuItem(item)))
  }

  static setApplicationMenu(menu: Menu): void {
    Menu.#application = menu
  }

  static getApplicationMenu(): Menu | null {
    return Menu.#application
  }

  /** Of the stand-in: a key was pressed in a page. */
  static press(key: string, modifiers: readonly string[]): void {
    Menu.#application?.pressed(key.toLowerCase(), modifiers)?.click()
  }

  /** Of the stand-in: the item whose accelerator it is. */
  pressed(key: string, modifiers: readonly string[]): MenuItem | undefined {
    for (const item of this.items) {
      const found = isPressed(item.accelerator, key, modifiers) ? item : item.submenu?.pressed(key, modifiers)
      if (found !== undefined) return found
    }
    return undefined
  }
}

const controlNames: ReadonlySet<string> = new Set(['cmdorctrl', 'commandorcontrol', 'ctrl', 'control'])

const isPressed = (accelerator: string | undefined, key: string, modifiers: readonly string[]): boolean => {
  if (accelerator === undefined) return false
  const parts = accelerator.toLowerCase().split('+')
  const wantedKey = parts.pop()
  const wanted = parts.map((part) => (controlNames.has(part) ? 'ctrl' : part))
  return wantedKey === key && wanted.length === modifiers.length && wanted.every((part) => modifiers.includes(part))
}
