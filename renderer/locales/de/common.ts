import type { english, Translated } from '../messages.ts'

export const common: Translated<typeof english.common> = {
  cancel: 'Abbrechen',
  close: 'Schließen',
  back: 'Zurück',
  retry: 'Noch einmal versuchen',
  undo: 'Rückgängig',
  more: 'Mehr',
  copy: 'Kopieren',
  copied: 'Kopiert',
  copyFailed: 'Ließ sich nicht kopieren',
  save: 'Speichern',
  everyone: 'alle',
  you: 'Sie',
  server: 'Server {server}',
  closeNotification: 'Ausblenden',
  notifications: 'Mitteilungen',
  remove: '{name} entfernen',
  showPassword: 'Passwort zeigen',
  hidePassword: 'Passwort verbergen',
}
