import type { english, Translated } from '../messages.ts'

export const shell: Translated<typeof english.shell> = {
  skip: 'Zum Inhalt springen',
  navigation: 'Seiten',
  pages: { mail: 'Post', timeline: 'Chronik', people: 'Personen', network: 'Netz', settings: 'Einstellungen' },
  starting: 'Startet',
  steps: { opening: 'Das Postfach wird geöffnet', takingBack: 'Alles wird von den anderen zurückgeholt' },
  partMissing: 'Dieser Teil des Fensters konnte nicht geladen werden',
  partMissingHint: 'Nichts ist verloren. Hilft ein neuer Versuch nicht, beenden Sie Quintet und starten Sie es neu.',
  failed: 'Quintet konnte nicht starten',
  failedLater: 'Quintet wurde angehalten',
  failedUnsaved:
    'Was Sie schrieben, ist noch nicht gesichert. Es ist noch in diesem Fenster: Versuchen Sie es hier noch einmal, oder kopieren Sie es, und beenden Sie Quintet nicht vorher.',
  copyUnsaved: 'Kopieren, was Sie schrieben',
  failedHint: 'Nichts ist verloren: Was hier gespeichert ist, bleibt, wie es ist.',
  failedGoesOn: 'Quintet macht von selbst weiter, sobald eines erreichbar ist.',
  failedDamaged:
    'Manches, was hier gespeichert ist, lässt sich nicht lesen; es bleibt, wie es ist. Stellen Sie den Datenordner aus einer Sicherung wieder her, oder holen Sie alles von den anderen Servern zurück.',
  showFolder: 'Datenordner zeigen',
  showFolderFailed: 'Der Datenordner ließ sich nicht zeigen',
  startOver: 'Alles von den anderen zurückholen',
  connection: {
    split: 'Getrennt von {names}. Sie können weiterarbeiten: Beim Wiedersehen wird alles zusammengeführt.',
    alone:
      'Kein anderer Server ist erreichbar. Sie können weiterarbeiten: Beim Wiedersehen wird alles zusammengeführt.',
    retired:
      'Die anderen haben dieses Gerät ausgemustert: Post lässt sich hier lesen, und nichts lässt sich schreiben, bis es neu beitritt (Einstellungen, Dieses Gerät).',
    paused: 'Der Abgleich mit {names} ruht.',
    lost: 'Server {server} ist nicht erreichbar. Ein anderer wird gesucht; nichts, was Sie schreiben, geht verloren.',
    diskFull:
      'Der Datenträger von {name} ist voll: Post lässt sich lesen, aber nicht senden oder sichern. Was Sie schreiben, bleibt in diesem Fenster. Schaffen Sie dort Platz, oder nehmen Sie einen anderen Server.',
    diskFailed: {
      looking:
        'Der Datenträger dieses Geräts ist ausgefallen. Ein anderer Server wird gesucht; was Sie schreiben, bleibt in diesem Fenster.',
      goesOn:
        'Der Datenträger dieses Geräts ist ausgefallen: Quintet macht an Server {server} weiter, und hier wird nichts mehr gespeichert. Lassen Sie ihn prüfen, und starten Sie Quintet dann neu.',
    },
    details: 'Zum Netz',
  },
  status: {
    label: 'Hier ist Server {server}, {reachable} von {seats} verbunden',
  },
  diskHasRoom: 'Der Datenträger von {name} hat wieder Platz: Post wird gesendet und gesichert wie gewohnt.',
  takenOver: {
    title: 'Sie sind jetzt anderswo angemeldet',
    text: 'Dieses Fenster wurde abgemeldet, weil das Konto an Server {server} ({machine}) angemeldet wurde.',
  },
  accountDeleted: {
    title: 'Dieses Konto wurde gelöscht',
    text: 'Jemand, der als {name} angemeldet war, hat das Konto in einem anderen Fenster oder an einem anderen Gerät gelöscht. Seine Post, seine Entwürfe und was noch nicht abgegangen war sind fort, und dieses Fenster wurde abgemeldet.',
    copy: 'Kopieren, was Sie geschrieben haben',
  },
  keysChanged: {
    password: 'Ihr Passwort wurde anderswo geändert',
    phrase: 'Ihre Wiederherstellungswörter wurden anderswo geändert',
    both: 'Ihr Passwort und Ihre Wiederherstellungswörter sind jetzt andere',
    remedy:
      'Was in diesem Fenster oder früher galt, öffnet dieses Konto nicht mehr. Sehen Sie nach, ob Sie haben, was es öffnet: Die Wiederherstellungswörter setzen ein neues Passwort, das Passwort neue Wörter.',
    settings: 'Zum Konto',
  },
  renamed: 'Sie heißen jetzt {name}, weil ein anderes Konto den früheren Namen zuerst hatte.',
  renamedAgain: 'Sie heißen wieder {name}, weil sonst niemand mehr so heißt.',
  palette: {
    title: 'Etwas tun',
    placeholder: 'Befehl eingeben',
    none: 'So heißt kein Befehl.',
    open: 'Befehlsliste',
  },
  shortcuts: {
    title: 'Tastenkürzel',
    open: 'Tastenkürzel zeigen',
    then: 'dann',
    keys: {
      control: 'Strg',
      pageDown: 'Bild ↓',
      pageUp: 'Bild ↑',
      home: 'Pos1',
      end: 'Ende',
      delete: 'Entf',
      space: 'Leertaste',
    },
    groups: { go: 'Gehe zu', mail: 'Post', list: 'In der Liste', compose: 'Beim Schreiben', window: 'Fenster' },
  },
  account: {
    menu: 'Konto von {name}',
    logOut: 'Abmelden',
    logOutFailed: 'Die Abmeldung kam beim Server nicht an',
    notSaved: 'Nicht abgemeldet: Was Sie schreiben, wurde nicht gesichert',
    loggingOut: 'Sie werden abgemeldet',
    savingFirst: 'Was Sie schreiben, wird gesichert; dann werden Sie abgemeldet',
    logOutAnyway: 'Trotzdem abmelden',
    settings: 'Einstellungen',
    shortcuts: 'Tastenkürzel',
  },
  quit: {
    ask: 'Beenden, ohne zu sichern, was Sie schrieben?',
    what: 'Es ließ sich noch nicht sichern und ist nur in diesem Fenster. Solange Quintet offen ist, kann es noch gesichert werden.',
    anyway: 'Trotzdem beenden',
  },
  demo: {
    whole: 'Das ist die Vorführgruppe.',
    split: 'Die Vorführgruppe ist geteilt: hier Server 1 und 2, getrennt davon 3, 4 und 5.',
    doSplit: 'Teilen',
    doHeal: 'Verbinden',
  },
}
