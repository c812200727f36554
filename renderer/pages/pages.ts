import { Activity, Mail, Network, Settings, Users } from '@lucide/vue'
import type { Component } from 'vue'
import type { MessageKey } from '../locales/messages.ts'
import type { PageId } from '../shell/navigation.ts'
import { partShownLater } from '../shell/part-shown-later.ts'
import MailPage from '../mail/MailPage.vue'

export interface Page {
  readonly id: PageId
  readonly label: MessageKey
  readonly icon: Component
  readonly keys: readonly string[]
  readonly component: Component
}

/** The navigation rail, the `g` shortcuts and the palette are made from this list. Mail comes with the window, the others when asked for. */
export const pages: readonly Page[] = [
  { id: 'mail', label: 'shell.pages.mail', icon: Mail, keys: ['g m'], component: MailPage },
  {
    id: 'timeline',
    label: 'shell.pages.timeline',
    icon: Activity,
    keys: ['g l'],
    component: partShownLater(() => import('../timeline/TimelinePage.vue')),
  },
  {
    id: 'people',
    label: 'shell.pages.people',
    icon: Users,
    keys: ['g p'],
    component: partShownLater(() => import('../people/PeoplePage.vue')),
  },
  {
    id: 'network',
    label: 'shell.pages.network',
    icon: Network,
    keys: ['g n'],
    component: partShownLater(() => import('../network/NetworkPage.vue')),
  },
  {
    id: 'settings',
    label: 'shell.pages.settings',
    icon: Settings,
    keys: ['g ,'],
    component: partShownLater(() => import('../settings/SettingsPage.vue')),
  },
]
