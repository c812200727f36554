import type { AppSettings } from '../contract/app-host.ts'

/** What the program itself says, outside the window. */
export interface Strings {
  readonly file: string
  readonly edit: string
  readonly viewMenu: string
  readonly go: string
  readonly help: string
  readonly compose: string
  readonly search: string
  readonly print: string
  readonly settings: string
  readonly shortcuts: string
  readonly mail: string
  readonly people: string
  readonly timeline: string
  readonly network: string
  readonly open: string
  readonly quit: string
  readonly unread: (count: number) => string
  readonly newMails: (count: number) => string
  readonly lateMails: (count: number) => string
  readonly from: (names: string) => string
  /** Somebody who is not whom the person knows by this name. */
  readonly another: (name: string) => string
  /** Somebody whose account is deleted; the name that it had may not be known. */
  readonly deleted: (name: string) => string
  /** The sender of a mail that does not prove who wrote it. */
  readonly unproven: string
  readonly unprovenWhat: string
  readonly noSubject: string
  readonly staysTitle: string
  readonly staysBody: string
  readonly inviteFile: string
  /** The window's page has stopped several times in a row. */
  readonly pageStops: string
  readonly pageStopsDetail: string
  readonly tryAgain: string
  readonly closeWindow: string
}

const english: Strings = {
  file: '&File',
  edit: '&Edit',
  viewMenu: '&View',
  go: '&Go',
  help: '&Help',
  compose: 'New mail',
  search: 'Search',
  print: 'Print …',
  settings: 'Settings',
  shortcuts: 'Keyboard shortcuts',
  mail: 'Mail',
  people: 'People',
  timeline: 'Timeline',
  network: 'Network',
  open: 'Open Quintet',
  quit: 'Quit Quintet',
  unread: (count) => `Quintet: ${count} unread`,
  newMails: (count) => (count === 1 ? 'A new mail' : `${count} new mails`),
  lateMails: (count) => (count === 1 ? 'A mail from earlier came in' : `${count} mails from earlier came in`),
  from: (names) => `From ${names}`,
  another: (name) => `another ${name} than the one whom you know`,
  deleted: (name) => `${name} (deleted account)`.trimStart(),
  unproven: 'an unproven sender',
  unprovenWhat: 'Nothing proves who wrote this mail.',
  noSubject: '(no subject)',
  staysTitle: 'Quintet goes on in the background',
  staysBody:
    'This machine still sends and receives for the group. Open the window again from the tray, or by starting Quintet; to end it, choose “Quit Quintet”.',
  inviteFile: 'Invite',
  pageStops: 'The window stopped working several times in a row.',
  pageStopsDetail:
    'Nothing that was sent or received is lost, and this machine still sends and receives for the group. Mail that you were writing is kept as a draft, but for the last few words. If trying again does not help, quit Quintet and start it anew.',
  tryAgain: 'Try again',
  closeWindow: 'Close the window',
}

const german: Strings = {
  file: '&Datei',
  edit: '&Bearbeiten',
  viewMenu: '&Ansicht',
  go: '&Gehe zu',
  help: '&Hilfe',
  compose: 'Neue Nachricht',
  search: 'Suchen',
  print: 'Drucken …',
  settings: 'Einstellungen',
  shortcuts: 'Tastenkürzel',
  mail: 'Post',
  people: 'Personen',
  timeline: 'Chronik',
  network: 'Netz',
  open: 'Quintet öffnen',
  quit: 'Quintet beenden',
  unread: (count) => `Quintet: ${count} ungelesen`,
  newMails: (count) => (count === 1 ? 'Eine neue Nachricht' : `${count} neue Nachrichten`),
  lateMails: (count) =>
    count === 1 ? 'Eine frühere Nachricht ist angekommen' : `${count} frühere Nachrichten sind angekommen`,
  from: (names) => `Von ${names}`,
  another: (name) => `jemand anderes als ${name}, wie Sie den Namen kennen`,
  deleted: (name) => `${name} (gelöschtes Konto)`.trimStart(),
  unproven: 'nicht belegter Absender',
  unprovenWhat: 'Nichts belegt, wer diese Nachricht geschrieben hat.',
  noSubject: '(ohne Betreff)',
  staysTitle: 'Quintet läuft im Hintergrund weiter',
  staysBody:
    'Dieses Gerät sendet und empfängt weiter für die Gruppe. Das Fenster öffnet sich wieder über das Symbol in der Leiste oder durch einen neuen Start; „Quintet beenden“ beendet es.',
  inviteFile: 'Einladung',
  pageStops: 'Das Fenster hat mehrmals hintereinander nicht mehr funktioniert.',
  pageStopsDetail:
    'Nichts Gesendetes oder Empfangenes ist verloren, und dieses Gerät sendet und empfängt weiter für die Gruppe. Was Sie gerade schrieben, ist bis auf die letzten Worte als Entwurf gespeichert. Hilft ein neuer Versuch nicht, beenden Sie Quintet und starten Sie es neu.',
  tryAgain: 'Erneut versuchen',
  closeWindow: 'Fenster schließen',
}

/** `systemLanguage` is a BCP 47 tag. */
export const stringsFor = (language: AppSettings['language'], systemLanguage: string): Strings => {
  const wanted = language === 'system' ? systemLanguage : language
  return wanted.startsWith('de') ? german : english
}
