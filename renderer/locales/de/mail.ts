import type { english, Translated } from '../messages.ts'

export const mail: Translated<typeof english.mail> = {
  folders: {
    inbox: 'Eingang',
    starred: 'Markiert',
    sent: 'Gesendet',
    drafts: 'Entwürfe',
    outbox: 'Ausgang',
    trash: 'Papierkorb',
  },
}
