import type { english, Translated } from '../messages.ts'

export const timeline: Translated<typeof english.timeline> = {
  title: 'Chronik',
  hint: 'Kurze Beiträge an die ganze Gruppe, von Ihnen und denen, denen Sie folgen.',
  write: 'Einen Beitrag schreiben',
  placeholder: 'Was sollten die anderen wissen?',
  left: 'noch {count} Zeichen',
  tooLong: '{count} Zeichen zu viel',
  notKept: 'Was Sie hier schreiben, ist noch nicht gesichert; es wird von selbst wieder versucht',
  post: 'Veröffentlichen',
  postFailed: 'Der Beitrag ging nicht hinaus',
  by: 'Beitrag von {name}',
  delete: 'Beitrag löschen',
  deleteTitle: 'Diesen Beitrag löschen?',
  deleteWhat: 'Er wird überall entfernt und lässt sich nicht zurückholen.',
  deleteFailed: 'Der Beitrag ließ sich nicht löschen',
  more: 'Ältere Beiträge',
  failed: 'Die Chronik lässt sich nicht zeigen',
  empty: 'Noch ist es still',
  emptyHint: 'Schreiben Sie den ersten Beitrag, oder folgen Sie anderen, um ihre hier zu sehen.',
  findPeople: 'Personen finden',
}
