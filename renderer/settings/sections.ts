import { Info, KeyRound, Keyboard, Mail, Monitor, Palette } from '@lucide/vue'
import type { Component } from 'vue'
import SettingsAbout from './SettingsAbout.vue'
import SettingsAccount from './SettingsAccount.vue'
import SettingsAppearance from './SettingsAppearance.vue'
import SettingsMachine from './SettingsMachine.vue'
import SettingsMail from './SettingsMail.vue'
import SettingsShortcuts from './SettingsShortcuts.vue'

export const sectionIds = ['appearance', 'mail', 'account', 'machine', 'shortcuts', 'about'] as const
export type SectionId = (typeof sectionIds)[number]

export const sections: Readonly<Record<SectionId, { readonly icon: Component; readonly component: Component }>> = {
  appearance: { icon: Palette, component: SettingsAppearance },
  mail: { icon: Mail, component: SettingsMail },
  account: { icon: KeyRound, component: SettingsAccount },
  machine: { icon: Monitor, component: SettingsMachine },
  shortcuts: { icon: Keyboard, component: SettingsShortcuts },
  about: { icon: Info, component: SettingsAbout },
}

export const isSectionId = (id: string | null): id is SectionId =>
  (sectionIds as readonly (string | null)[]).includes(id)
