import type { english, Translated } from '../messages.ts'

export const errors: Translated<typeof english.errors> = {
  BAD_REQUEST: 'Das wurde nicht verstanden. Prüfen Sie die Eingabe.',
  NO_SUCH_ACCOUNT: 'So heißt hier niemand. Prüfen Sie die Schreibweise unter Personen.',
  NAME_CHANGED_HANDS:
    'Ein Name darin ist ein anderes Konto als das, das Sie kennen. Vergleichen Sie zuerst die Sicherheitswörter.',
  ANOTHER_BY_THAT_NAME:
    'An diesem Server gehört der Name zu einem anderen Konto als dem, das sich hier damit angemeldet hat. Ist es Ihres, melden Sie sich noch einmal an, sonst verbinden Sie sich zuerst mit einem anderen Server.',
  NOT_HERE_YET:
    'Dieses Konto ist an diesem Server noch nicht angekommen. Versuchen Sie es gleich noch einmal oder an einem anderen Server.',
  NO_SUCH_MAIL:
    'Diese Nachricht ist nicht da: Sie wurde gelöscht, ist schon abgegangen oder an diesem Server noch nicht angekommen.',
  NO_SUCH_ATTACHMENT: 'Eine angehängte Datei ist nicht hier. Hängen Sie sie noch einmal an.',
  NO_SUCH_POST: 'Diesen Beitrag gibt es nicht mehr.',
  NO_SUCH_FOLDER: 'Diesen Ordner gibt es nicht.',
  NO_SUCH_SERVER: 'Kein Gerät hat diese Servernummer.',
  NAME_TAKEN: 'So heißt schon jemand. Wählen Sie einen anderen Namen.',
  BAD_NAME:
    'Ein Name hat 1 bis 64 sichtbare Zeichen, ohne *, ? und ~, und an den Enden kein Leerzeichen. Jedes Wort bleibt bei einem Alphabet, und „everyone“ steht für alle.',
  WRONG_PASSWORD: 'Das Passwort stimmt nicht. Achten Sie auf Groß- und Kleinschreibung.',
  WRONG_PHRASE: 'Das sind nicht die zwölf Wörter dieses Kontos. Prüfen Sie Schreibweise und Reihenfolge.',
  NOT_LOGGED_IN: 'Melden Sie sich zuerst an.',
  NOT_ALLOWED: 'Das darf nur das Gerät, auf dem dieser Server läuft.',
  TOO_LARGE: 'Das ist zu groß. Kürzen Sie es.',
  TOO_MANY: 'Das ist zu viel auf einmal. Nehmen Sie weniger.',
  BAD_SIGNATURE: 'Die Unterschrift stimmt nicht, deshalb wurde das nicht angenommen.',
  CANNOT_OPEN: 'Diese Nachricht lässt sich mit Ihren Schlüsseln nicht öffnen.',
  BAD_INVITE: 'Diese Einladung ist nicht lesbar. Kopieren Sie sie ganz, oder bitten Sie um eine neue.',
  INVITE_EXPIRED:
    'Diese Einladung ist abgelaufen. Stimmt die Uhr dieses Rechners, dann bitten Sie ein Mitglied um eine neue.',
  INVITE_USED: 'Diese Einladung wurde schon benutzt. Bitten Sie ein Mitglied um eine neue.',
  INVITE_REVOKED: 'Diese Einladung wurde zurückgezogen. Bitten Sie ein Mitglied um eine neue.',
  RETIRED:
    'Die anderen haben diesen Rechner aus der Gruppe genommen. Bitten Sie ein Mitglied um eine Einladung, um wieder beizutreten.',
  SEAT_TAKEN: 'Diese Servernummer ist vergeben. Wählen Sie eine andere.',
  NO_SEAT_FREE: 'Alle fünf Servernummern sind vergeben. Benutzen Sie Quintet ohne eigenen Server.',
  NOT_ADMITTED: 'Die Gruppe lässt dieses Gerät nicht zu. Bitten Sie ein Mitglied um eine Einladung.',
  NO_MEMBER_REACHED: 'Kein Mitglied ist erreichbar. Prüfen Sie das Netz, und ob bei einem Quintet läuft.',
  UNREACHABLE: 'Der Server ist nicht erreichbar. Prüfen Sie das Netz, oder wählen Sie unter Netz einen anderen.',
  TIMEOUT: 'Es hat zu lange gedauert. Versuchen Sie es noch einmal.',
  BUSY: 'Zu viel auf einmal. Versuchen Sie es gleich noch einmal.',
  DISK_FULL: 'Der Datenträger ist voll. Schaffen Sie dort zuerst Platz.',
  DISK_FAILED: 'Der Datenträger arbeitet nicht, wie er soll. Prüfen Sie ihn, und starten Sie Quintet neu.',
  DIRECTORY_IN_USE: 'Quintet läuft mit diesen Daten schon.',
  DIRECTORY_NOT_USABLE: 'Der Ordner ist nicht brauchbar. Prüfen Sie, ob Sie hineinschreiben dürfen.',
  DIRECTORY_NOT_A_GROUP: 'In diesem Ordner ist keine Gruppe.',
  DIRECTORY_HAS_A_GROUP: 'In diesem Ordner ist schon eine Gruppe.',
  NEWER_FORMAT: 'Diese Daten schrieb eine neuere Fassung. Aktualisieren Sie Quintet.',
  DAMAGED: 'Manche Daten sind beschädigt. Sie werden von den anderen Servern zurückgeholt.',
  PORT_IN_USE:
    'Ein anderes Programm benutzt den Anschluss (Port), mit dem Quintet gestartet wurde. Beenden Sie jenes, oder starten Sie Quintet mit einem anderen Anschluss.',
  BAD_ADDRESS: 'Das ist keine Adresse.',
  STOPPED: 'Der Server ist angehalten. Starten Sie Quintet neu.',
  INTERNAL: 'Etwas Unvorhergesehenes ging schief. Versuchen Sie es noch einmal, oder starten Sie Quintet neu.',
}
