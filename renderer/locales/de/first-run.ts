import type { english, Translated } from '../messages.ts'

export const firstRun: Translated<typeof english.firstRun> = {
  promise: 'Post für eine kleine Gruppe, ohne Mailserver.',
  promiseHow:
    'Bis zu fünf Geräte haben je eine vollständige Kopie. Eines davon genügt zum Weiterarbeiten; sehen sie sich wieder, wird alles zusammengeführt, und nichts geht verloren.',
  steps: {
    choice: 'Willkommen bei Quintet',
    create: 'Eine Gruppe gründen',
    invite: 'Einer Gruppe beitreten',
    seat: 'Einen Platz für dieses Gerät wählen',
  },
  choice: {
    create: 'Eine Gruppe gründen',
    createHint: 'Dieses Gerät wird ihr erster Server. Die anderen laden Sie danach ein.',
    join: 'Mit einer Einladung beitreten',
    joinHint: 'Ein Mitglied gab Ihnen einen Text, eine Datei, einen Link oder einen QR-Code.',
    client: 'Ohne eigenen Server benutzen',
    clientHint: 'Hier liegt keine Kopie; es geht, solange ein Server der Gruppe erreichbar ist.',
  },
  groupName: 'Name der Gruppe',
  groupNameHint: 'Alle sehen ihn, und er lässt sich später ändern: „Nordlicht“, „Station 3“.',
  machine: 'Name dieses Geräts',
  machineHint: 'Woran die anderen es erkennen: „Brücke“, „Empfang“, „Annas Laptop“.',
  nameMissing: 'Geben Sie einen Namen mit 1 bis 64 Zeichen ein.',
  nameUnseen:
    'Darin sind Zeichen, die niemand sieht, wie sie aus einer Zwischenablage kommen können. Tippen Sie es neu.',
  seats: {
    legend: 'Servernummer',
    hint: 'Eine Gruppe hat fünf Plätze, 1 bis 5. Die Nummer bleibt bei diesem Gerät.',
    free: 'Servernummer {server}, frei',
    taken: 'Servernummer {server}, vergeben an {machine}',
    takenNameless: 'Servernummer {server}, vergeben an ein Gerät, das seinen Namen noch nicht gesagt hat',
    freeShort: 'frei',
    takenShort: 'vergeben',
    yours: 'dieses Gerät',
  },
  roles: {
    legend: 'Was dieses Gerät ist',
    server: 'Einer der fünf Server',
    serverHint: 'Hat eine Kopie von allem und arbeitet auch ohne die anderen.',
    client: 'Ohne eigenen Server',
    clientHint: 'Benutzt die Server der anderen und wechselt, wenn einer ausfällt.',
  },
  invite: 'Einladung',
  inviteHow:
    'Fügen Sie die Einladung ein, die ein Mitglied unter „Netz“ für Sie gemacht hat. Sie gilt für ein Gerät, einmal.',
  inviteHowClient:
    'Fügen Sie die Einladung ein, die ein Mitglied für Sie gemacht hat. Dieses Gerät belegt keinen der fünf Plätze.',
  inviteMissing: 'Fügen Sie die Einladung ein, wählen Sie ihre Datei, oder ziehen Sie sie hierher.',
  chooseFile: 'Datei wählen',
  dropHint: 'oder hierher ziehen',
  fileFailed: 'Die Datei ließ sich nicht lesen',
  next: 'Weiter',
  inspecting: 'Einladung wird gelesen',
  expires: 'Die Einladung läuft {when} ab',
  seatsUnknown: 'Gerade lässt sich kein Mitglied fragen',
  seatsUnknownHint:
    'Daher ist nicht bekannt, welche Plätze frei sind. Wählen Sie einen und versuchen Sie es, oder fragen Sie später noch einmal.',
  askAgain: 'Noch einmal fragen',
  create: 'Gruppe gründen',
  join: 'Der Gruppe beitreten',
  creating: 'Die Gruppe wird gegründet',
  askingForSeat: 'Ein Mitglied wird um einen Platz gebeten',
  lookingForServer: 'Ein Server der Gruppe wird gesucht',
  progressHint: 'Das dauert einen Augenblick. Ihre Eingaben bleiben in jedem Fall erhalten.',
  belongsAlready:
    'Dieses Gerät gehört schon zu einer Gruppe; die Einladung wurde nicht benutzt. Eine dieser Gruppe hilft unter Einstellungen, Dieses Gerät, wenn sich die anderen nicht finden.',
  failed: {
    create: 'Die Gruppe konnte nicht gegründet werden',
    join: 'Der Beitritt ist nicht gelungen',
  },
}
