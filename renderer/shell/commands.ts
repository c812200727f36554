import { defineStore } from 'pinia'
import { computed, onScopeDispose, ref, shallowRef, type Component } from 'vue'
import type { MessageKey } from '../locales/messages.ts'
import { isOwnKey, KeySequences, takesText, writtenKey, type Keys } from './shortcuts.ts'

export const commandGroups = ['go', 'mail', 'list', 'compose', 'window'] as const

/** Something that a person can do: shown in the palette and in the `?` sheet, and reached by its keys. */
export interface Command {
  readonly id: string
  readonly label: MessageKey
  readonly group: (typeof commandGroups)[number]
  readonly icon?: Component
  /** The first one is shown. */
  readonly keys: readonly Keys[]
  /** Whether it can be done now; always when absent. */
  readonly when?: () => boolean
  /** `hidden`: in the sheet only, because it moves in a list (`j`, `k`). */
  readonly inPalette?: 'shown' | 'hidden'
  /** Keys with `mod` work while writing, too, when this says so. */
  readonly whileWriting?: 'works' | 'rests'
  readonly run: () => void
}

/** All commands of what is on the screen. The one registered last wins a key. */
export const useCommands = defineStore('commands', () => {
  const registered = shallowRef<readonly Command[]>([])
  const isPaletteOpen = ref(false)
  const isSheetOpen = ref(false)
  /** What was typed between the palette's keys and its appearance: quick fingers mean the palette. */
  const typedAhead = ref('')
  const sequences = new KeySequences<Command>()

  const available = computed(() => registered.value.filter(({ when }) => when?.() ?? true))
  const byKeys = computed(() => {
    const keysOf = new Map<Keys, Command>()
    for (const command of available.value) for (const keys of command.keys) keysOf.set(keys, command)
    return keysOf
  })

  /** Returns the function that takes them back. */
  const register = (commands: readonly Command[]): (() => void) => {
    registered.value = [...registered.value, ...commands]
    return () => {
      registered.value = registered.value.filter((command) => !commands.includes(command))
    }
  }

  const press = (event: KeyboardEvent): void => {
    const key = writtenKey(event)
    if (key === null || event.defaultPrevented) return
    if ((isPaletteOpen.value || isSheetOpen.value) && !isDialogOpen()) {
      event.preventDefault()
      if (isPaletteOpen.value && event.key.length === 1 && !key.startsWith('mod+')) typedAhead.value += event.key
      return
    }
    if (isOwnKey(key, event.target)) return
    const isWriting = takesText(event.target) || isDialogOpen()
    if (isWriting && !event.ctrlKey && !event.metaKey) return
    const { target, waits } = sequences.press(key, event.timeStamp, byKeys.value)
    if (target === null ? !waits : isWriting && target.whileWriting !== 'works') return
    event.preventDefault()
    target?.run()
  }

  return {
    registered: computed(() => registered.value),
    available,
    register,
    press,
    isPaletteOpen,
    isSheetOpen,
    typedAhead,
  }
})

/** Registers commands for as long as the component that calls it lives. */
export const provideCommands = (commands: readonly Command[]): void => {
  onScopeDispose(useCommands().register(commands))
}

/** Menus and dialogs have their own keys. Composing windows are no such dialogs. */
const isDialogOpen = (): boolean => document.querySelector('[data-modal]') !== null
